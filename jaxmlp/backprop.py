"""Per-sample gradients by hand: Rumelhart, Hinton and Williams, Nature 323 (1986), eqs. 4-7.

delta_L = dL/dz_L                                 of the output activation and the loss together
delta_l = (w_{l+1} delta_{l+1}) * phi'(z_l)
dL/db_l = delta_l,   dL/dw_l = outer(h_{l-1}, delta_l) + lambda w_l
"""

import jax

from jaxmlp import mlp
from jaxmlp.activations import Activations, of_each_layer
from jaxmlp.base import Array, Batch, Evaluation, Grads, Intermediates, Layer, Params
from jaxmlp.losses import SQUARED, Loss, penalty


def backward(
    params: Params, intermediates: Intermediates, delta: Array, *, activation: Activations
) -> Grads:
    """Carries delta = dL/dz of the output back to every parameter.

    It takes one sample, or N samples where everything but w has one more axis, the last.

    Args:
      params: leaves [n_in, n_out] and [n_out].
      intermediates: of the forward pass, leaves [n].
      delta: dL/dz of the output, [k].
      activation: of all hidden layers, or a tuple of one for each.

    Returns:
      Gradients with the shapes of params.
    """
    preacts, acts = intermediates
    hidden = of_each_layer(activation, len(params) - 1)
    grads = [Layer(_outer(acts[-1], delta), delta)]
    for layer in range(len(params) - 1, 0, -1):
        z, h = preacts[layer - 1], acts[layer]
        delta = (params[layer].w @ delta) * hidden[layer - 1].deriv(z, h)
        grads.append(Layer(_outer(acts[layer - 1], delta), delta))
    return tuple(reversed(grads))


def per_sample_gradients(
    params: Params,
    batch: Batch,
    *,
    activation: Activations,
    loss: Loss = SQUARED,
    l2: float = 0.0,
    sample_axis: int = 0,
) -> Evaluation:
    """Backpropagates every sample separately; arguments and result are those of `autodiff`."""

    def evaluate(params: Params, x: Array, y: Array) -> Evaluation:
        intermediates = mlp.forward_with_intermediates(params, x, activation=activation)
        z = intermediates.preacts[-1]
        grads = backward(params, intermediates, loss.slope(z, y), activation=activation)
        value = loss.value(z, y)
        if l2:
            grads = tuple(_decayed(*layers, l2) for layers in zip(grads, params, strict=True))
            value = value + penalty(params, l2)
        return Evaluation(loss.predict(z), value, grads)

    if sample_axis == 0:
        return jax.vmap(evaluate, in_axes=(None, 0, 0))(params, *batch)
    # vmap would move the axis of samples to the front at every step; columns leave it where it is.
    columns = tuple(Layer(w, b[:, None]) for w, b in params)
    return evaluate(columns, batch.x.T, batch.y.T)


def _decayed(grad: Layer, layer: Layer, l2: float) -> Layer:
    """Adds the slope of the penalty; samples may be columns."""
    w = layer.w if grad.w.ndim == 2 else layer.w[..., None]
    return Layer(grad.w + l2 * w, grad.b)


def _outer(h: Array, delta: Array) -> Array:
    return h[:, None] * delta[None, :]
