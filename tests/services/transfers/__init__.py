"""Transfers between disk and bucket."""
