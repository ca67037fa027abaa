"""Optimizers of torch and of optax, in one language."""
