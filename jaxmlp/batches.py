"""The gradient of the mean or the sum of the losses of a batch, in the two ways of this package.

Neither goes through the gradients of single samples.
"""

import jax

from jaxmlp import mlp
from jaxmlp.activations import Activations, of_each_layer
from jaxmlp.base import Array, Batch, Grads, Layer, Params
from jaxmlp.losses import Loss


def autodiff_gradient(
    params: Params, batch: Batch, *, activation: Activations, loss: Loss, reduction: str
) -> Grads:
    """Differentiates the reduced loss.

    Args:
      params: leaves [n_in, n_out] and [n_out].
      batch: x [N, d] and y [N, k].
      activation: of all hidden layers, or a tuple of one for each.
      loss: of one sample.
      reduction: 'mean' or 'sum'.

    Returns:
      Gradients with the shapes of params.
    """

    def reduced(params: Params) -> Array:
        def one(x: Array, y: Array) -> Array:
            return mlp.loss(params, x, y, activation=activation, loss=loss)

        losses = jax.vmap(one)(*batch)
        return losses.mean() if reduction == "mean" else losses.sum()

    return jax.grad(reduced)(params)


def backprop_gradient(
    params: Params, batch: Batch, *, activation: Activations, loss: Loss, reduction: str
) -> Grads:
    """Backpropagates all rows at once: dL/dw = h^T delta; arguments and result are the same."""
    hidden = of_each_layer(activation, len(params) - 1)
    preacts: list[Array] = []
    acts = [batch.x]
    for layer, (w, b) in enumerate(params):
        if layer:
            acts.append(hidden[layer - 1].fn(preacts[-1]))
        preacts.append(acts[-1] @ w + b)
    delta = jax.vmap(loss.slope)(preacts[-1], batch.y)
    if reduction == "mean":
        delta = delta / len(batch.x)
    grads = [Layer(acts[-1].T @ delta, delta.sum(axis=0))]
    for layer in range(len(params) - 1, 0, -1):
        delta = (delta @ params[layer].w.T) * hidden[layer - 1].deriv(
            preacts[layer - 1], acts[layer]
        )
        grads.append(Layer(acts[layer - 1].T @ delta, delta.sum(axis=0)))
    return tuple(reversed(grads))
