"""What one line of a log is."""
