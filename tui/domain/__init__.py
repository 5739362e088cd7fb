"""What the app knows, in pure Python: no Textual, no Google, no I/O."""
