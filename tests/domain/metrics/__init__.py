"""Readings, series and progress."""
