"""Calls models of the frameworks of JAX, each as its users do."""

import equinox
import jax
import jax.numpy as jnp
import numpy as np
from flax import linen, nnx

from compare.implementations.programs.model import Model


def in_float64(built, port):
    """Returns the weights of a network in torch by name, and what its port is called with."""
    state = {name: jnp.asarray(one.numpy(force=True)) for name, one in built.state.items()}
    return state, port.inputs(*(jnp.asarray(one.numpy()) for one in built.inputs))


def value_and_slopes(make, state, names, inputs):
    """Returns the output of a port, and gradients by some of the weights that it was made of."""

    def of_some(some):
        return outputs_of(make(state | some), *inputs)

    def gradient(some):
        value, pull = jax.vjp(of_some, some)
        return value, pull(factor(value.shape).astype(value.dtype))[0]

    return jax.jit(gradient)({name: state[name] for name in names})


def factor(shape):
    """What outputs are multiplied with before they are added up."""
    return np.random.default_rng(0).standard_normal(shape)


def outputs_of(model, *inputs):
    """Returns the outputs alone; a model of Equinox is one of one sample, but for a loss."""
    if isinstance(model, equinox.Module) and len(inputs) == 1:
        return jax.vmap(model)(*inputs)
    if isinstance(model, nnx.Module):
        return _with_wide_embeddings(model)(*inputs)
    if not isinstance(model, Model):
        return model(*inputs)
    if isinstance(model.function, equinox.Module):  # with state
        axes = {"in_axes": (0, None), "out_axes": (0, None), "axis_name": "batch"}
        return jax.vmap(model.function, **axes)(*inputs, model.weights)[0]
    apply = model.function.apply
    if isinstance(model.function, linen.Module):
        return apply(model.weights, *inputs, mutable=["batch_stats"])[0]
    if isinstance(model.weights, tuple):  # of Haiku, with state
        return apply(*model.weights, *inputs)[0]
    return apply(model.weights, *inputs)


def _with_wide_embeddings(model):
    """An embedding of nnx remembers in which dtype it was made."""
    for _, module in nnx.iter_modules(model):
        if isinstance(module, nnx.Embed):
            module.dtype = jnp.float64
    return model
