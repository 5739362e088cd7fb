"""Brings objects home and files to buckets: planned, carried, taken up again, accounted for."""
