"""What is differentiated: weights, samples in blocks, and the form of an answer."""
