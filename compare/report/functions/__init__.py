"""A comparison of functions, as people and programs read it."""
