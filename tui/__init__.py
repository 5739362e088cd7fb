"""vertex-tui: the whole Vertex AI custom training loop on one terminal screen."""

__version__ = "0.1.0"
