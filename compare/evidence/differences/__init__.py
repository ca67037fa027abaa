"""What can be said of any two arrays, from their values alone."""
