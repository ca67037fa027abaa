"""The gradient of the mean or the sum of the losses of a batch, by `backward()`."""

import torch

from torch_ref.losses import LOSSES
from torch_ref.mlp import MLP


def batch_gradient(
    model: MLP,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    reduction: str,
    loss: str = "squared",
    output: str = "linear",
    l2: float = 0.0,
) -> list[torch.Tensor]:
    """Differentiates the reduced loss of N samples, as a training loop does.

    Args:
      model: the network; its `.grad` fields are overwritten.
      x: [N, d].
      y: [N, k].
      reduction: 'mean' or 'sum'.
      loss: of LOSSES, on this output.
      output: of OUTPUTS.
      l2: lambda of lambda / 2 |w|^2, which is added once for the batch.

    Returns:
      Gradients in torch's order and layout: [n_out, n_in] and [n_out] in turn.
    """
    model.zero_grad(set_to_none=True)
    losses = LOSSES[output, loss](model(x), y)
    reduced = losses.mean() if reduction == "mean" else losses.sum()
    if l2:
        reduced = reduced + l2 / 2 * sum(one.weight.square().sum() for one in model.layers)
    reduced.backward()
    found = [p.grad for p in model.parameters()]
    model.zero_grad(set_to_none=True)
    return [one.detach() for one in found if one is not None]
