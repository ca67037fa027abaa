"""An MLP as pure JAX functions over a parameter pytree, differentiated two ways."""

from jaxmlp import autodiff, backprop, sweep
from jaxmlp.activations import ACTIVATIONS, FAMILIES, Activation
from jaxmlp.base import Batch, Evaluation, Intermediates, Layer, Params
from jaxmlp.losses import LOSSES, Loss
from jaxmlp.mlp import forward, forward_with_intermediates, init_params, loss

__all__ = [
    "ACTIVATIONS",
    "FAMILIES",
    "LOSSES",
    "Activation",
    "Batch",
    "Evaluation",
    "Intermediates",
    "Layer",
    "Loss",
    "Params",
    "autodiff",
    "backprop",
    "forward",
    "forward_with_intermediates",
    "init_params",
    "loss",
    "sweep",
]
