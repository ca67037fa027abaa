"""Models of the frameworks of JAX, each as a function of its weights by their names."""
