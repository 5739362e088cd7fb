"""A job's course: how long it waited and ran, how often it began again, what it has cost, where to look."""
