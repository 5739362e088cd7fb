"""The gateway: typed calls in, domain dataclasses out.

Outside `tui.local` the only importer of Google's libraries.
"""
