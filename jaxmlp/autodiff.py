"""Per-sample gradients by `jax.vmap(jax.grad)`."""

import jax

from jaxmlp import mlp
from jaxmlp.activations import Activations
from jaxmlp.base import Array, Batch, Evaluation, Params
from jaxmlp.losses import SQUARED, Loss, penalty


def per_sample_gradients(
    params: Params,
    batch: Batch,
    *,
    activation: Activations,
    loss: Loss = SQUARED,
    l2: float = 0.0,
    sample_axis: int = 0,
) -> Evaluation:
    """Differentiates the loss of every sample separately.

    Args:
      params: leaves [n_in, n_out] and [n_out].
      batch: x [N, d] and y [N, k].
      activation: of all hidden layers, or a tuple of one for each.
      loss: of one sample, as a function of z of the last layer.
      l2: lambda of lambda / 2 |w|^2 over all weights, which every sample's loss has on top.
      sample_axis: 0 or -1, where the results have their axis of N samples.

    Returns:
      Evaluation with prediction [N, k], loss [N] and gradients [N, ...]; with sample_axis=-1 the
      axis of samples is the last one of each.
    """

    def loss_and_prediction(params: Params, x: Array, y: Array) -> tuple[Array, Array]:
        z = mlp.forward(params, x, activation=activation)
        value = loss.value(z, y)
        if l2:
            value = value + penalty(params, l2)
        return value, loss.predict(z)

    value_and_grad = jax.value_and_grad(loss_and_prediction, has_aux=True)
    per_sample = jax.vmap(value_and_grad, in_axes=(None, 0, 0), out_axes=sample_axis)
    (losses, prediction), grads = per_sample(params, *batch)
    return Evaluation(prediction, losses, grads)
