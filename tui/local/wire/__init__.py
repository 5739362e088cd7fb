"""How calls come in: one method table, two protocols."""
