"""What can be said of two arrays of gradients, from their values alone."""
