"""Numbers as NumPy, JAX, torch or a person prints them, and how well a print knows them."""
