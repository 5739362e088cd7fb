"""Google's own tools and libraries at the local server, with nothing but the environment of `local env`."""
