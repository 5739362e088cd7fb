"""Tests of the job spec."""
