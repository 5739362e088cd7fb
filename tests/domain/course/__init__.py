"""Tests of a job's course."""
