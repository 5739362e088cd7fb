"""The five panes of the screen."""
