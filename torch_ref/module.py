"""A torch module as it is: the chain that it computes, and the gradients of its own forward."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from torch_ref.autograd import Evaluation
from torch_ref.chain import Chain, check_parameters, check_shapes, make_chain, recompute
from torch_ref.losses import LOSSES, OUTPUTS
from torch_ref.module_checks import LOW_PRECISION, check_plain, common_type, unwrapped
from torch_ref.trace import ModuleError, first_line, trace_steps

__all__ = ["Chain", "ModuleError", "module_gradients", "read_module", "unwrapped"]

_PROBES = 8
# The chain is recomputed by the same kernels at the same shapes, so an equal one differs by a few
# roundings at most: of softplus with another threshold, or of a kernel that orders its sums
# otherwise. bfloat16, float16 and TF32 are 2^-12 off and more, which is 2048 of float32's eps.
_ROUNDINGS = 256
# 256 of bfloat16's eps, 2^-7, would let anything pass. So a module in low precision is tried with
# its weights in float32 too, as strictly as any, and in its own dtype more roughly: 16 eps are 12 %
# of bfloat16's terms and 1.6 % of float16's.
_LOW_ROUNDINGS = 16


def read_module(module: nn.Module, n_inputs: int | None = None) -> Chain:
    """Recognises a chain of linear layers with one activation between them.

    The forward itself is traced, and the chain is then tried on numbers. Nothing is changed: no
    parameter, no `.grad`, no training mode, no random state.

    Args:
      module: a module that takes [N, d]; what torch.compile or DataParallel wraps is read.
      n_inputs: d, if it is known.

    Raises:
      ModuleError: for anything else, naming the place and what to do.
    """
    module = unwrapped(module)
    for name, part in module.named_modules():
        check_plain(name, part)
    dtype, device = common_type(module)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        chain = make_chain(list(trace_steps(module, dtype)))
        check_parameters(module, chain)
        check_shapes(chain, n_inputs)
        _check_numbers(module, chain, dtype, device)
    return chain


def module_gradients(
    module: nn.Module,
    chain: Chain,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    loss: str = "squared",
    output: str = "linear",
) -> Evaluation:
    """Differentiates N samples through the module's own forward, each as a batch of one.

    Where `vmap` cannot follow the forward, one sample is taken after another.

    Args:
      module: what `read_module` was given.
      chain: what it returned.
      x: [N, d].
      y: [N, k].
      loss: of LOSSES, on this output.
      output: of OUTPUTS, where it is not in the module itself.

    Returns:
      Evaluation, detached; preacts and acts are recomputed from the layers.

    Raises:
      ModuleError: if torch cannot differentiate the forward.
    """
    module = unwrapped(module)
    params = {
        f"{name}.{kind}".lstrip("."): getattr(linear, kind).detach().clone()
        for name, linear in chain.linears
        for kind in ("weight", "bias")
    }

    def loss_and_prediction(
        params: dict[str, torch.Tensor], x_i: torch.Tensor, y_i: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        z = torch.func.functional_call(module, params, (x_i.unsqueeze(0),)).squeeze(0)
        return LOSSES[output, loss](z, y_i), OUTPUTS[output](z)

    try:
        differentiate = torch.func.grad_and_value(loss_and_prediction, has_aux=True)
        by_name, (losses, yhat) = torch.func.vmap(differentiate, (None, 0, 0))(params, x, y)
        grads = [by_name[name] for name in params]
    except RuntimeError:
        yhat, losses, grads = _one_by_one(loss_and_prediction, params, x, y)
    return Evaluation(yhat, losses, grads, *recompute(chain, x))


def _one_by_one(
    loss_and_prediction: Callable[..., tuple[torch.Tensor, torch.Tensor]],
    params: dict[str, torch.Tensor],
    x: torch.Tensor,
    y: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    """Returns predictions, losses and gradients as `vmap` would, for a forward that it refuses."""
    leaves = {name: p.detach().requires_grad_() for name, p in params.items()}
    rows = []
    try:
        for x_i, y_i in zip(x, y, strict=True):
            with torch.enable_grad():
                value, yhat = loss_and_prediction(leaves, x_i, y_i)
            grads = torch.autograd.grad(value, list(leaves.values()), materialize_grads=True)
            rows.append((yhat.detach(), value.detach(), *grads))
    except RuntimeError as error:
        raise ModuleError(f"module: torch cannot differentiate it: {first_line(error)}") from None
    predictions, losses, *columns = (torch.stack(column) for column in zip(*rows, strict=True))
    return predictions, losses, columns


@torch.no_grad()
def _check_numbers(
    module: nn.Module, chain: Chain, dtype: torch.dtype, device: torch.device
) -> None:
    """Tries the module on random x in [0, 1], in case its forward does what no trace shows."""
    shape = (_PROBES, chain.linears[0][1].weight.shape[1])
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(shape, generator=generator, dtype=dtype, device="cpu").to(device)
    if dtype not in LOW_PRECISION:
        _check_output(module, chain, x, _ROUNDINGS)
        return
    _check_output(module, chain, x, _LOW_ROUNDINGS)
    wide = {name: p.float() for name, p in module.named_parameters()}
    widened = functools.partial(torch.func.functional_call, module, wide)
    _check_output(widened, chain, x.float(), _ROUNDINGS)


def _check_output(
    forward: Callable[[torch.Tensor], Any], chain: Chain, x: torch.Tensor, roundings: int
) -> None:
    """Compares what a forward makes of x with what the layers do, in the dtype of x."""
    preacts, acts = recompute(chain, x)
    expected, (_, last) = preacts[-1], chain.linears[-1]
    try:
        found = forward(x)
    except Exception as error:  # whatever the forward raises
        raise ModuleError(f"module: its forward fails on a sample: {first_line(error)}") from None
    if not isinstance(found, torch.Tensor) or found.shape != expected.shape:
        got = getattr(found, "shape", type(found).__name__)
        raise ModuleError(f"module: expected an output {list(expected.shape)}, got {got}")
    # what a sum of such terms may lose, however they cancel
    weight, bias = last.weight.abs().to(x.dtype), last.bias.abs().to(x.dtype)
    terms = functional.linear(acts[-1].abs(), weight, bias)
    near = (found - expected).abs() <= roundings * torch.finfo(x.dtype).eps * terms
    same = (found == expected) | (found.isnan() & expected.isnan())  # as where float16 overflows
    if found.dtype != x.dtype or not bool((near | same).all()):
        raise ModuleError(
            "module: its forward does not compute what its layers do in their own dtype; "
            "take out autocast and whatever else it does beside calling them"
        )
