"""Clean-up as pure rules: what goes, what stays, what holds it and what can come back."""
