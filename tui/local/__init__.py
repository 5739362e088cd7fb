"""The stand-in: a local server that speaks Google's protocols and really runs jobs on this box."""
