"""Tests of what is shown of objects."""
