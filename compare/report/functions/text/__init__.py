"""A comparison of functions on a terminal."""
