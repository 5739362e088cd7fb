"""The job list: its rows and columns, what filters and orders it, and what is copied from it."""
