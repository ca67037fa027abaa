"""torch's side: the autograd graph of the loss, and what its nodes are."""
