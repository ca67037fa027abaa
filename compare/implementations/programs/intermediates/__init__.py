"""Every intermediate value of a program that has no names for them."""
