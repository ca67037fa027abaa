"""Places of two programs that have no names in common: found by the numbers there."""
