"""Holds models of the frameworks of JAX, by names, against the same without any."""

import jax
import jax.numpy as jnp
import numpy as np

from compare.implementations.programs.jax import recorded


def state_of(model, dtype=np.float32):
    """Returns all arrays of a model by name, floating-point numbers in a dtype."""
    return {
        name: one.astype(dtype) if one.dtype == np.float32 else one
        for name, one in {**model.parameters, **model.buffers}.items()
    }


def places_of(model, *inputs):
    """Returns the shapes of the places of a model, [times, *shape], by their names."""
    traced = recorded(model.call)
    return {
        name: one.shape for name, one in jax.eval_shape(traced, state_of(model), *inputs)[1].items()
    }


def statistics_of(model, *inputs):
    """Returns the names of what a forward updates."""
    return set(jax.eval_shape(model.call, state_of(model), *inputs)[1])


def bits(gradients):
    """Returns gradients as something that can be compared whatever the order of the leaves."""
    leaves = [np.asarray(one) for one in jax.tree.leaves(gradients)]
    return sorted((one.shape, one.tobytes()) for one in leaves if one.dtype == np.float32)


def gradients_of_both(model, plain, weights, *inputs):
    """Returns the bits of the gradients of a model, and of a function of (weights, *inputs)."""

    def loss(outputs):
        return jnp.sum(jnp.sin(outputs))

    def own(parameters, *inputs):
        return loss(model.call({**parameters, **model.buffers}, *inputs)[0])

    def without_names(weights, *inputs):
        return loss(plain(weights, *inputs))

    found = jax.jit(jax.grad(own))(dict(model.parameters), *inputs)
    right = jax.jit(jax.grad(without_names))(weights, *inputs)
    return bits(found), bits(right)
