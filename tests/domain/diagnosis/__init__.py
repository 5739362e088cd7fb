"""Tests of the failure card."""
