"""Programs as a user of Google's libraries would write them: no address, no credentials, nothing local.

Each prints one JSON object of what it found. They run as processes of their own, since the libraries read the
environment when they are imported.
"""
