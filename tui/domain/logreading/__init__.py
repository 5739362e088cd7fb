"""What a line of a log is: its level, its bar, its trace, its colours, what it points at."""
