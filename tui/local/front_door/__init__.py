"""The front door: Google's own host names, answered here, for clients that cannot be told another address.

Most of Google's Python clients insist on TLS and on names below `googleapis.com`, but all of them take a
proxy and a file of certificates from the environment. So the server is also a proxy (`door`): connections
to Google's names end here, under certificates of an authority of this data directory's own (`authority`),
and go on to the same services as all others; connections elsewhere pass through. `trust` makes the file of
certificates that the clients are given, `sign_in` answers their questions for access tokens.
"""
