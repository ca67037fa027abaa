"""Any torch module or function as a JAX function, by `torch.export`."""
