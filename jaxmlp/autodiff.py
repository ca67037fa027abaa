"""Per-sample gradients by `jax.vmap(jax.grad)`."""

import jax

from jaxmlp import mlp
from jaxmlp.activations import Activation
from jaxmlp.base import Array, Batch, Evaluation, Params


def per_sample_gradients(params: Params, batch: Batch, *, activation: Activation) -> Evaluation:
    """Differentiates the loss of every sample by itself.

    Args:
      params: leaves [n_in, n_out] and [n_out].
      batch: x [N, d] and y [N, k].
      activation: of the hidden layers.

    Returns:
      Evaluation with prediction [N, k], loss [N] and gradients with a leading axis N.
    """

    def loss_and_prediction(params: Params, x: Array, y: Array) -> tuple[Array, Array]:
        yhat = mlp.forward(params, x, activation=activation)
        return mlp.squared_error(yhat, y), yhat

    value_and_grad = jax.value_and_grad(loss_and_prediction, has_aux=True)
    (loss, prediction), grads = jax.vmap(value_and_grad, in_axes=(None, 0, 0))(params, *batch)
    return Evaluation(prediction, loss, grads)
