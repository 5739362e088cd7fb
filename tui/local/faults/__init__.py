"""Faults on request: rules that say which calls, jobs and log entries go wrong, and how."""
