"""Deletes exactly what was counted, keeps an account of it that survives the app, and takes it back."""
