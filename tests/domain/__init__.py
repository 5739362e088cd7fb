"""Pure tests of the domain."""
