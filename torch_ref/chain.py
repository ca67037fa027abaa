"""A chain of affine layers and activations, as found in a torch module, and what it computes."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch.nn import functional

from torch_ref.lookup import LABELS, activation
from torch_ref.losses import DISTANCES, LOSSES, OUTPUTS
from torch_ref.stateless import call_with
from torch_ref.trees import tensors_in

Params = Mapping[str, torch.Tensor]  # by the module's names


class Affine(NamedTuple):
    """One layer, z = W h + b, and what the module calls its parameters."""

    place: str  # where the forward computes it, in words
    weight: str
    bias: str | None
    turned: bool  # whether the parameter is [n_in, n_out], as in h @ W
    sizes: tuple[int, int]  # (n_in, n_out)

    def as_weight(self, parameter: torch.Tensor, *batch: int) -> torch.Tensor:
        """Returns [*batch, n_out, n_in] of the parameter, or of as many gradients of it."""
        n_in, n_out = self.sizes
        if self.turned:
            return parameter.reshape(*batch, n_in, n_out).transpose(-1, -2)
        return parameter.reshape(*batch, n_out, n_in)

    def of(self, params: Params) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns weight [n_out, n_in], and bias [n_out] or None."""
        bias = None if self.bias is None else params[self.bias].reshape(self.sizes[1])
        return self.as_weight(params[self.weight]), bias


class Outcome(NamedTuple):
    """What a forward makes of one sample, or of a batch in the shapes that it returns."""

    prediction: torch.Tensor | None  # [k]; None where it returns a loss alone
    loss: torch.Tensor | None  # a scalar; None where it returns none


class Chain(NamedTuple):
    """Affine layers, what is between them, and what the forward makes of the last."""

    layers: tuple[Affine, ...]
    activations: tuple[str, ...]  # of each layer but the last, as `lookup.activation` reads them
    output: str | None  # of `lookup.PREDICTIONS`; None where the forward returns a loss alone
    prediction: int | None  # which of the tensors that the forward returns it is
    label: str | None = None  # of `lookup.LABELS`: how the forward takes y; None if it takes none
    end: tuple[str, str] | None = None  # (output, loss) of LOSSES, if the forward has a loss
    loss: int | None = None  # which of the tensors that the forward returns it is
    divisor: int = 1  # its loss is that of LOSSES divided by this

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """(d, n_1, ..., k)."""
        return (self.layers[0].sizes[0], *(layer.sizes[1] for layer in self.layers))

    @property
    def names(self) -> tuple[str, ...]:
        """Returns the names of the parameters, layer by layer."""
        both = (name for layer in self.layers for name in (layer.weight, layer.bias))
        return tuple(name for name in both if name is not None)

    def run(
        self, module: torch.nn.Module, params: Params, x: torch.Tensor, y: torch.Tensor
    ) -> Outcome:
        """Calls the forward with x [d], and y [k] if it takes it, as a batch of one."""
        found = self.run_batch(module, params, x.unsqueeze(0), y.unsqueeze(0))
        yhat = None if found.prediction is None else found.prediction.reshape(-1)
        return Outcome(yhat, None if found.loss is None else found.loss.reshape(()))

    def run_batch(
        self, module: torch.nn.Module, params: Params, x: torch.Tensor, y: torch.Tensor
    ) -> Outcome:
        """Calls the forward with x [N, d], and y [N, k] if it takes it."""
        inputs = [x] if self.label is None else [x, LABELS[self.label](y)]
        result = tensors_in(call_with(module, params, *inputs))
        yhat = None if self.prediction is None else result[self.prediction].to(x.dtype)
        return Outcome(yhat, None if self.loss is None else result[self.loss])

    def predict(self, own: torch.Tensor, output: str) -> torch.Tensor:
        """Returns yhat of what the forward gives, which may be logits or their logarithms."""
        if self.output == output:
            return own
        return own.exp() if self.output == "log_softmax" else OUTPUTS[output](own)

    def loss_of(self, own: torch.Tensor, y: torch.Tensor, output: str, loss: str) -> torch.Tensor:
        """Returns the loss of what the forward gives, [..., k], where it has none of its own."""
        if self.output == "log_softmax":
            return -(y * own).sum(dim=-1)
        if self.output != output or output == "linear":
            return LOSSES[output, loss](own, y)  # of logits
        if loss == "cross_entropy":
            return -torch.xlogy(y, own).sum(dim=-1)
        if loss == "binary_cross_entropy":
            return functional.binary_cross_entropy(own, y, reduction="none").sum(dim=-1)
        return DISTANCES[loss](own, y)


@torch.no_grad()
def recompute(
    chain: Chain, params: Params, x: torch.Tensor
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Returns preacts and acts, computed from the layers alone, in the dtype of x [..., d]."""
    preacts: list[torch.Tensor] = []
    acts = [x]
    for i, layer in enumerate(chain.layers):
        if i:
            acts.append(activation(chain.activations[i - 1])(preacts[-1]))
        preacts.append(functional.linear(acts[-1], *layer.of(params)))
    return preacts, acts
