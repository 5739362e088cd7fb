"""Tests of tui/services."""
