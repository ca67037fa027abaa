"""Ways to compute a function and its gradients: each makes a `Recording`."""
