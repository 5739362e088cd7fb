"""The commands that need no screen: results on stdout, everything else on stderr."""
