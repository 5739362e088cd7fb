"""Tests of the store of a log and of its rows."""
