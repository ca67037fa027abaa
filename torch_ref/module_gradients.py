"""The gradients of a torch module's own forward, sample by sample."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import torch
from torch import nn
from torch.nn import functional

from torch_ref.chain import Chain, Params, recompute
from torch_ref.lookup import PREDICTIONS
from torch_ref.losses import LOSSES
from torch_ref.module_checks import LOW_PRECISION, has_hooks, unwrapped
from torch_ref.refusals import ModuleError, first_line

# (params, x [d], y [k]) -> the loss, and the prediction or, if the forward gives none, the loss
LossAndOwn: TypeAlias = Callable[..., tuple[torch.Tensor, torch.Tensor]]

# The chain is recomputed by the same kernels at the same shapes, so an equal one differs by a few
# roundings at most: of softplus with another threshold, or of a kernel that orders its sums
# otherwise. bfloat16, float16 and TF32 are 2^-12 off and more, which is 2048 of float32's eps.
_ROUNDINGS = 256
# 256 of bfloat16's eps, 2^-7, would let anything pass: 16 are 12 % of bfloat16's terms and 1.6 % of
# float16's.
_LOW_ROUNDINGS = 16


class ModuleEvaluation(NamedTuple):
    """What a module's own forward and backward give for N samples, in torch's layout."""

    prediction: torch.Tensor | None  # [N, k]; None where the forward returns a loss alone
    loss: torch.Tensor  # [N]
    grads: list[torch.Tensor]  # [N, n_out, n_in] and [N, n_out] in turn; 0 of a bias that is none


def module_gradients(
    module: nn.Module,
    chain: Chain,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    output: str = "linear",
    loss: str = "squared",
    l2: float = 0.0,
    n: int | None = None,
) -> ModuleEvaluation:
    """Differentiates N samples through the module's own forward, each as a batch of one.

    Where `vmap` cannot follow the forward, one sample is taken after another, and what it gives is
    then held against the chain: such a forward may depend on numbers.

    Args:
      module: what `read_module` was given.
      chain: what it returned.
      x: [N, d].
      y: [N, k].
      output: of OUTPUTS; that of the whole network, which the forward may leave to the loss.
      loss: of LOSSES, on this output; a forward that has a loss is differentiated by its own.
      l2: lambda of lambda / 2 |w|^2, which every sample's loss has on top.
      n: how many samples are asked for, the first; the others fill a block for `vmap`.

    Returns:
      ModuleEvaluation of these or more, detached.

    Raises:
      ModuleError: if torch cannot differentiate the forward, or it does not take such labels.
    """
    module = unwrapped(module)
    check_labels(chain, y)
    own = dict(module.named_parameters())
    params = {name: own[name].detach().clone() for name in chain.names}

    def loss_and_own(
        params: Params, x_i: torch.Tensor, y_i: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        prediction, value = chain.run(module, params, x_i, y_i)
        if value is None:
            assert prediction is not None
            value = chain.loss_of(prediction, y_i, output, loss)
        else:
            value = value * chain.divisor
        found = value if prediction is None else prediction
        if l2:
            squares = [params[layer.weight].square().sum() for layer in chain.layers]
            value = value + l2 / 2 * torch.stack(squares).sum()
        return value, found

    try:
        if has_hooks(module):
            raise RuntimeError("a hook is to see ordinary tensors")
        differentiate = torch.func.grad_and_value(loss_and_own, has_aux=True)
        by_name, (losses, found) = torch.func.vmap(differentiate, (None, 0, 0))(params, x, y)
    except RuntimeError:
        losses, found, by_name = _one_by_one(module, loss_and_own, params, chain, x[:n], y[:n])
    prediction = None if chain.prediction is None else chain.predict(found, output)
    return ModuleEvaluation(prediction, losses, list(by_layer(chain, by_name)))


def _one_by_one(
    module: nn.Module,
    loss_and_own: LossAndOwn,
    params: dict[str, torch.Tensor],
    chain: Chain,
    x: torch.Tensor,
    y: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """Returns losses, predictions and gradients as `vmap` would, for a forward that it refuses."""
    leaves = leaves_of(dict(module.named_parameters()), params)
    rows = []
    try:
        for x_i, y_i in zip(x, y, strict=True):
            with torch.enable_grad():
                value, found = loss_and_own(leaves, x_i, y_i)
            check_outcome(chain, params, x_i, y_i, found.detach())
            grads = torch.autograd.grad(value, list(leaves.values()), materialize_grads=True)
            rows.append((value.detach(), found.detach(), *grads))
    except RuntimeError as error:
        raise ModuleError(f"module: torch cannot differentiate it: {first_line(error)}") from None
    losses, predictions, *columns = (torch.stack(column) for column in zip(*rows, strict=True))
    return losses, predictions, dict(zip(params, columns, strict=True))


def leaves_of(
    own: Mapping[str, torch.Tensor], params: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Returns parameters to differentiate by, with the hooks of a module's own."""
    leaves = {name: p.detach().requires_grad_() for name, p in params.items()}
    for name, leaf in leaves.items():
        for hook in (own[name]._backward_hooks or {}).values():
            leaf.register_hook(hook)
    return leaves


def by_layer(chain: Chain, by_name: Mapping[str, torch.Tensor]) -> Iterator[torch.Tensor]:
    """Yields [N, n_out, n_in] and [N, n_out] of each layer; 0 of a bias that is none."""
    for layer in chain.layers:
        grad = by_name[layer.weight]
        yield layer.as_weight(grad, len(grad))
        shape = len(grad), layer.sizes[1]
        if layer.bias is None:
            yield grad.new_zeros(shape)
        else:
            yield by_name[layer.bias].reshape(shape)


def check_labels(chain: Chain, y: torch.Tensor) -> None:
    """Checks that a forward can be given labels [N, k].

    Raises:
      ModuleError: if it takes numbers of classes, and they are none.
    """
    if chain.label == "classes" and not bool(((y == 0) | (y == 1)).all() & (y.sum(-1) == 1).all()):
        raise ModuleError(
            "module: its forward takes the number of a class, got labels that are no classes"
        )


def check_outcome(
    chain: Chain, params: Params, x: torch.Tensor, y: torch.Tensor, found: torch.Tensor
) -> None:
    """Compares what a forward gives with what the layers make, in the dtype of x.

    Args:
      chain: that the forward should compute.
      params: of the module.
      x: [d].
      y: [k].
      found: its prediction [k]; where it gives none, its loss, not divided.

    Raises:
      ModuleError: if they differ by more than rounding.
    """
    preacts, acts = recompute(chain, params, x)
    weight, bias = chain.layers[-1].of(params)
    # what a sum of such terms may lose, however they cancel; no output makes more of it
    terms = functional.linear(acts[-1].abs(), weight.abs(), None if bias is None else bias.abs())
    if chain.output is None:
        assert chain.end is not None
        expected = LOSSES[chain.end](preacts[-1], y)
        terms = (terms * (1 + 2 * (preacts[-1].abs() + y.abs()))).sum()  # its slope is less
    else:
        expected = PREDICTIONS[chain.output](preacts[-1])
    roundings = _LOW_ROUNDINGS if x.dtype in LOW_PRECISION else _ROUNDINGS
    allowed = roundings * torch.finfo(x.dtype).eps * (terms + expected.abs())
    near = (found - expected).abs() <= allowed
    same = (found == expected) | (found.isnan() & expected.isnan())  # as where float16 overflows
    if not bool((near | same).all()):
        raise ModuleError(
            "module: its forward does not always compute what its layers do: it depends on numbers "
            "or on earlier calls; compare its gradients as files, with python -m compare.files"
        )
