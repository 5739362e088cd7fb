"""Where the admin API is; apart, so that the command line need not load an HTTP server for it."""

PREFIX = "/_local/"
