"""Reads logs without gaps: one tail and one re-query for all jobs that are followed, the rest job by job."""
