"""The weights of two programs: which array of the one stands where in the other."""
