"""Jobs that ran elsewhere: read from files, served as if they had run here, at once or replayed in time.

`files` reads a record (in the caller's process), `staging` carries it to the server, `script` says how the
job looked at each time, `replays` is what the server does with it.
"""
