"""Google's services, one module each, on one state."""
