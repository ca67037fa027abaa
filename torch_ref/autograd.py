"""Per-sample gradients by torch autograd.

Gradients are in torch's order and layout: [weight, bias, weight, bias, ...] with weights
[N, n_out, n_in].
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from torch_ref.losses import LOSSES, OUTPUTS
from torch_ref.mlp import MLP

_NARROW = 16  # units; of more, products of matrices are faster


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
    the gradient of that view: sample i alone has used row i, so row i is its gradient. Parameters
    of a narrow network are expanded to [..., N], for long rows of samples (see `are_narrow`).

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
    n, parameters = len(x), list(model.parameters())
    is_narrow = are_narrow(*parameters)
    axis = -1 if is_narrow else 0  # of the samples
    expanded = [p.expand(n, *p.shape).movedim(0, axis) for p in parameters]
    preacts: list[torch.Tensor] = []
    acts = [x.movedim(0, axis).contiguous()]
    for layer, (weight, bias) in enumerate(zip(expanded[::2], expanded[1::2], strict=True)):
        if layer:
            acts.append(model.activations[layer - 1](preacts[-1]))
        multiplied = _by_entries if is_narrow else _by_matrices
        preacts.append(multiplied(weight, acts[-1], bias))

    def samples_first(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        return [one.movedim(axis, 0) for one in tensors]

    (z,) = samples_first(preacts[-1:])
    losses = LOSSES[output, loss](z, y)
    if l2:
        weights = samples_first(expanded[::2])
        squares = [weight.square().flatten(1).sum(dim=1) for weight in weights]
        losses = losses + l2 / 2 * torch.stack(squares).sum(dim=0)
    grads = torch.autograd.grad(losses.sum(), expanded)
    return Evaluation(
        OUTPUTS[output](z).detach(),
        losses.detach(),
        samples_first(grads),
        [z.detach() for z in samples_first(preacts)],
        [h.detach() for h in samples_first(acts)],
    )


def are_narrow(*matrices: torch.Tensor) -> bool:
    """Whether products with these are taken entry by entry, over long rows of samples.

    On a CPU that is several times as fast as many small products of matrices. In low precision it
    would round every product, which those do not.
    """
    return all(
        one.device.type == "cpu"
        and one.dtype in (torch.float32, torch.float64)
        and max(one.shape) <= _NARROW
        for one in matrices
    )


def _by_entries(weight: torch.Tensor, h: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Returns z [n_out, N] of weight [n_out, n_in, N], h [n_in, N] and bias [n_out, N]."""
    return (weight * h).sum(dim=1) + bias


def _by_matrices(weight: torch.Tensor, h: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Returns z [N, n_out] of weight [N, n_out, n_in], h [N, n_in] and bias [N, n_out]."""
    return torch.baddbmm(bias.unsqueeze(1), h.unsqueeze(1), weight.transpose(1, 2)).squeeze(1)


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
