"""JAX's side: the jaxpr of the gradient, and what its equations are."""
