"""Tests of the local server, with Google's own clients."""
