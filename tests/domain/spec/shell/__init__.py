"""Tests of the reader of shell scripts and its lints."""
