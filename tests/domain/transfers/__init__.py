"""What transfers decide without disk or network."""
