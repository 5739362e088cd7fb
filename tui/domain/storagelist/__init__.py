"""What a place in Cloud Storage holds, as the Storage pane lists it."""
