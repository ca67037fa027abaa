"""Evidence in, a verdict and its sentence out."""
