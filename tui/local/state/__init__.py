"""What survives a restart: SQLite in the data directory."""
