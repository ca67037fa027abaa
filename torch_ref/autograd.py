"""Per-sample gradients by torch autograd.

Gradients are in torch's order and layout: [weight, bias, weight, bias, ...] with weights
[N, n_out, n_in].
"""

from typing import NamedTuple

import torch

from torch_ref.losses import LOSSES, OUTPUTS
from torch_ref.mlp import MLP


class Evaluation(NamedTuple):
    """Predictions, losses, gradients and intermediates of N samples, in torch's layout."""

    prediction: torch.Tensor  # [N, k]
    loss: torch.Tensor  # [N]
    grads: list[torch.Tensor]  # [N, n_out, n_in] and [N, n_out] in turn
    preacts: list[torch.Tensor]  # [N, n_l]
    acts: list[torch.Tensor]  # [N, n_{l-1}]


def per_sample_gradients(
    model: MLP,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    loss: str = "squared",
    output: str = "linear",
    l2: float = 0.0,
) -> Evaluation:
    """Differentiates N samples in one backward pass.

    Every parameter is expanded to [N, ...], a view that costs nothing, and autograd is asked for
    the gradient of that view: sample i alone has used row i, so row i is its gradient.

    Args:
      model: the network.
      x: [N, d].
      y: [N, k].
      loss: of LOSSES, on this output.
      output: of OUTPUTS.
      l2: lambda of lambda / 2 |w|^2, which every sample's loss has on top.

    Returns:
      Evaluation, detached.
    """
    n = len(x)
    expanded = [p.expand(n, *p.shape) for p in model.parameters()]
    preacts: list[torch.Tensor] = []
    acts = [x]
    for layer, (weight, bias) in enumerate(zip(expanded[::2], expanded[1::2], strict=True)):
        if layer:
            acts.append(model.activations[layer - 1](preacts[-1]))
        rows = torch.baddbmm(bias.unsqueeze(1), acts[-1].unsqueeze(1), weight.transpose(1, 2))
        preacts.append(rows.squeeze(1))
    losses = LOSSES[output, loss](preacts[-1], y)
    if l2:
        squares = [weight.square().flatten(1).sum(dim=1) for weight in expanded[::2]]
        losses = losses + l2 / 2 * torch.stack(squares).sum(dim=0)
    grads = torch.autograd.grad(losses.sum(), expanded)
    return Evaluation(
        OUTPUTS[output](preacts[-1]).detach(),
        losses.detach(),
        list(grads),
        [z.detach() for z in preacts],
        [h.detach() for h in acts],
    )


def loop_gradients(
    model: MLP,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    loss: str = "squared",
    output: str = "linear",
    l2: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    """Differentiates one sample after another with `backward()`, as a tutorial would.

    The reference that `per_sample_gradients` is tested against, and about 50 times slower.

    Args:
      model: the network; its `.grad` fields are overwritten.
      x: [N, d].
      y: [N, k].
      loss: of LOSSES, on this output.
      output: of OUTPUTS.
      l2: lambda of lambda / 2 |w|^2.

    Returns:
      prediction [N, k], loss [N] and the gradients, as in Evaluation.
    """
    predictions, losses, rows = [], [], []
    for x_i, y_i in zip(x, y, strict=True):
        model.zero_grad(set_to_none=True)
        z = model(x_i)
        value = LOSSES[output, loss](z, y_i)
        if l2:
            value = value + l2 / 2 * sum(one.weight.square().sum() for one in model.layers)
        value.backward()
        predictions.append(OUTPUTS[output](z).detach())
        losses.append(value.detach())
        rows.append([p.grad for p in model.parameters()])
    grads = [torch.stack(column) for column in zip(*rows, strict=True)]
    return torch.stack(predictions), torch.stack(losses), grads
