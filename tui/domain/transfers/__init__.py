"""Transfers between this box and Cloud Storage, as far as they need neither disk nor network."""
