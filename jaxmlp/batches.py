"""The gradient of the mean or the sum of the losses of a batch, in the two ways of this package.

Neither goes through the gradients of single samples.
"""

import jax

from jaxmlp import mlp
from jaxmlp.activations import Activations, of_each_layer
from jaxmlp.base import Array, Batch, Grads, Layer, Params
from jaxmlp.losses import Loss, penalty


def autodiff_gradient(
    params: Params,
    batch: Batch,
    *,
    activation: Activations,
    loss: Loss,
    reduction: str,
    l2: float = 0.0,
) -> Grads:
    """Differentiates the reduced loss.

    Args:
      params: leaves [n_in, n_out] and [n_out].
      batch: x [N, d] and y [N, k].
      activation: of all hidden layers, or a tuple of one for each.
      loss: of one sample, as a function of z of the last layer.
      reduction: 'mean' or 'sum'.
      l2: lambda of lambda / 2 |w|^2 over all weights, which is added once for the batch.

    Returns:
      Gradients with the shapes of params.
    """

    def reduced(params: Params) -> Array:
        def one(x: Array, y: Array) -> Array:
            return mlp.loss(params, x, y, activation=activation, loss=loss)

        losses = jax.vmap(one)(*batch)
        value = losses.mean() if reduction == "mean" else losses.sum()
        return value + penalty(params, l2) if l2 else value

    return jax.grad(reduced)(params)


def backprop_gradient(
    params: Params,
    batch: Batch,
    *,
    activation: Activations,
    loss: Loss,
    reduction: str,
    l2: float = 0.0,
) -> Grads:
    """Backpropagates all rows at once: dL/dw = h^T delta; arguments and result are the same."""
    hidden = of_each_layer(activation, len(params) - 1)
    preacts: list[Array] = []
    acts = [batch.x]
    for layer, (w, b) in enumerate(params):
        if layer:
            acts.append(hidden[layer - 1].fn(preacts[-1]))
        preacts.append(acts[-1] @ w + b[None])
    delta = jax.vmap(loss.slope)(preacts[-1], batch.y)
    if reduction == "mean":
        delta = delta / len(batch.x)
    grads = [Layer(acts[-1].T @ delta, delta.sum(axis=0))]
    for layer in range(len(params) - 1, 0, -1):
        delta = (delta @ params[layer].w.T) * hidden[layer - 1].deriv(
            preacts[layer - 1], acts[layer]
        )
        grads.append(Layer(acts[layer - 1].T @ delta, delta.sum(axis=0)))
    if l2:
        last_first = zip(grads, reversed(params), strict=True)
        grads = [Layer(dw + l2 * w, db) for (dw, db), (w, _) in last_first]
    return tuple(reversed(grads))
