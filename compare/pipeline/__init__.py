"""Blocks in, evidence out: the order in which everything is computed."""
