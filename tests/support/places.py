"""What models of JAX have as places, and as gradients."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxprs_in_params


def places(call, *args):
    """Returns the names of all cuts, in the order of the program."""
    return list(_names(jax.make_jaxpr(call)(*args).jaxpr))


def _names(jaxpr):
    for eqn in jaxpr.eqns:
        if eqn.primitive.name == "name":
            yield eqn.params["name"]
        for inner in jaxprs_in_params(eqn.params):
            yield from _names(inner)


def gradient(model, *inputs):
    """Returns the gradients of a compiled loss of what a model returns, by its parameters."""

    def loss(weights, *inputs):
        outputs, _ = model.call({**weights, **model.buffers}, *inputs)
        return sum(jnp.sum(jnp.sin(one)) for one in jax.tree.leaves(outputs))

    return jax.jit(jax.grad(loss))(dict(model.parameters), *inputs)


def bits(arrays):
    """Returns arrays by name, to be compared bit for bit."""
    return {
        name: (np.asarray(one).dtype.name, np.asarray(one).tobytes())
        for name, one in arrays.items()
    }
