"""The mistakes in optimizers that have names, by what they are mistakes of."""
