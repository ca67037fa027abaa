"""Random programs of many primitives, and their evaluation with roundings at random."""
