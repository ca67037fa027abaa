"""Gradients from a file: whose they are, told by names or by counts, and in which shapes."""
