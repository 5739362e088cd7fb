"""Why a job failed, or what is odd about one that succeeded: pure functions of the job and its log.

`model` holds the card, `diagnose` makes it; each other file knows one family of causes.
"""
