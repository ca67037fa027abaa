"""Calls models of the frameworks of JAX, each as its users do."""

import equinox
import jax
import jax.numpy as jnp
from flax import linen, nnx

from compare.implementations.programs.model import Model


def outputs_of(model, *inputs):
    """Returns the outputs alone; a model of Equinox is one of one sample, but for a loss."""
    if isinstance(model, equinox.Module) and len(inputs) == 1:
        return jax.vmap(model)(*inputs)
    if isinstance(model, nnx.Module):
        return _in_float64(model)(*inputs)
    if not isinstance(model, Model):
        return model(*inputs)
    if not hasattr(model.function, "init"):
        return model.function(model.weights, *inputs)
    apply = model.function.apply
    if isinstance(model.function, linen.Module):
        return apply(model.weights, *inputs, mutable=["batch_stats"])[0]
    if isinstance(model.weights, tuple):  # of Haiku, with state
        return apply(*model.weights, *inputs)[0]
    return apply(model.weights, *inputs)


def _in_float64(model):
    """An embedding of nnx remembers in which dtype it was made."""
    for _, module in nnx.iter_modules(model):
        if isinstance(module, nnx.Embed):
            module.dtype = jnp.float64
    return model
