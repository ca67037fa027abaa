"""The gradient of a batch, held against the gradients of its samples."""
