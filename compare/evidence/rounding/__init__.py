"""What rounding can do to a computation, for any JAX function."""
