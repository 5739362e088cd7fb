"""Tests of the job list's pure parts."""
