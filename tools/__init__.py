"""Scripts for those who work on vertex-tui."""
