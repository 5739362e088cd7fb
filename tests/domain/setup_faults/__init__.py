"""The faults of Google's that Setup tells apart, by theme."""
