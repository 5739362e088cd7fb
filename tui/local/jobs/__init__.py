"""Jobs as local processes."""
