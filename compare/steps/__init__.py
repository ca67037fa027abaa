"""Training runs: the steps of two optimizers, held against each other."""
