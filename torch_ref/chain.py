"""A chain of linear layers with one activation between them, as found in a torch module."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from torch_ref.activations import ACTIVATIONS
from torch_ref.trace import ModuleError, Step, place


class Chain(NamedTuple):
    """Linear layers and the one activation between them."""

    linears: tuple[tuple[str, nn.Linear], ...]  # named as in named_modules(), in order of use
    activation: str  # a key of ACTIVATIONS


def make_chain(steps: Sequence[Step]) -> Chain:
    """Puts the steps of a forward into a chain.

    Raises:
      ModuleError: if activations are missing here and there, differ, or come first or last.
    """
    linears = [(step.name, step.what) for step in steps if isinstance(step.what, nn.Linear)]
    if not linears:
        raise ModuleError("module: expected nn.Linear layers, got none; make it of these")
    first, last = steps[0], steps[-1]
    if isinstance(first.what, str):
        raise ModuleError(f"{first.place}: {first.what} before the first layer; take it out")
    if isinstance(last.what, str):
        raise ModuleError(
            f"{last.place}: {last.what} on the output, which must be linear; take it out"
        )
    between: list[tuple[str, str]] = []  # (activation, place)
    for one, other in itertools.pairwise(steps):
        if isinstance(other.what, str):
            if isinstance(one.what, str):
                raise ModuleError(f"{other.place}: {other.what} after {one.what}; take one out")
            between.append((other.what, other.place))
        elif isinstance(one.what, nn.Linear):
            between.append(("identity", f"{one.place} to {other.place}"))
    return Chain(tuple(linears), _one_activation(between))


def check_parameters(module: nn.Module, chain: Chain) -> None:
    """Checks that each parameter of the module is used, and once.

    Raises:
      ModuleError: naming the first that is not.
    """
    used: dict[int, str] = {}
    for name, linear in chain.linears:
        for kind, p in (("weight", linear.weight), ("bias", linear.bias)):
            if id(p) in used:
                raise ModuleError(
                    f"{name}.{kind} and {used[id(p)]} are the same parameter, used twice; give "
                    "each layer its own"
                )
            used[id(p)] = f"{name}.{kind}"
    for name, p in module.named_parameters():
        if id(p) not in used:
            raise ModuleError(f"{name}: forward does not use this parameter; take it out")


def check_shapes(chain: Chain, n_inputs: int | None) -> None:
    """Checks that each layer takes what the one before it gives.

    Raises:
      ModuleError: naming the first that does not.
    """
    before, n = "the samples", n_inputs
    for name, linear in chain.linears:
        where, shape = place(name, linear), tuple(linear.weight.shape)
        if len(shape) != 2 or tuple(linear.bias.shape) != shape[:1]:
            raise ModuleError(
                f"{where}: expected weight [n_out, n_in] and bias [n_out], got {list(shape)} and "
                f"{list(linear.bias.shape)}; give it parameters that fit"
            )
        if n not in (None, shape[1]):
            raise ModuleError(
                f"{where}: expected {n} inputs, as many as {before} give, got {shape[1]}; make "
                "them fit"
            )
        before, n = where, shape[0]


@torch.no_grad()
def recompute(chain: Chain, x: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Returns preacts and acts, computed from the layers alone, in the dtype of x [N, d]."""
    preacts: list[torch.Tensor] = []
    acts = [x]
    for _, linear in chain.linears:
        if preacts:
            acts.append(ACTIVATIONS[chain.activation](preacts[-1]))
        weight, bias = linear.weight.to(x.dtype), linear.bias.to(x.dtype)
        preacts.append(functional.linear(acts[-1], weight, bias))
    return preacts, acts


def _one_activation(between: Sequence[tuple[str, str]]) -> str:
    for (a, at), (b, bt) in itertools.pairwise(between):
        if a != b:
            raise ModuleError(
                f"module: expected one activation, got {a} at {at} and {b} at {bt}; use one"
            )
    return between[0][0] if between else "identity"
