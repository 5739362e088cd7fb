"""The gateway: typed calls in, domain dataclasses out; the only importer of Google's libraries outside local/."""
