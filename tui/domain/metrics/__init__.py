"""What a training program prints of its own course: values against steps, and how far it is.

`reading` understands one line, `series` gathers them for one job, `progress` says how far and how long.
"""
