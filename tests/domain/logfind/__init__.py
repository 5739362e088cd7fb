"""Tests of finding in logs."""
