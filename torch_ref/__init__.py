"""The same MLP in PyTorch, differentiated by torch autograd.

`torch_ref.convert`, the bridge to `jaxmlp`, is imported by its own name: this package alone
never loads jax.
"""

from torch_ref.activations import ACTIVATIONS, FAMILIES
from torch_ref.autograd import are_narrow, loop_gradients, per_sample_gradients
from torch_ref.batches import batch_gradient
from torch_ref.losses import LOSSES, OUTPUTS
from torch_ref.mlp import MLP

__all__ = [
    "ACTIVATIONS",
    "FAMILIES",
    "LOSSES",
    "MLP",
    "OUTPUTS",
    "are_narrow",
    "batch_gradient",
    "loop_gradients",
    "per_sample_gradients",
]
