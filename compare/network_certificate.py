"""The certificate of a network, where the reference of a comparison of functions is one."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.function_results import FunctionReport
from compare.implementations.programs.devices import target
from compare.implementations.user.torch_module import is_module, recognise, user_module_told
from compare.options.groups import CallStyle, Machine
from compare.problem.function import FunctionProblem
from compare.report.report import Report

_MOST_SAMPLES = 100

Backward = Callable[[Any, Any, Any], Any]


def certified_network(
    reference: Any, candidates: Mapping[str, Any], problem: FunctionProblem, device: str
) -> Report | None:
    """Compares the gradients of a module sample by sample, if it is a chain of layers.

    Args:
      reference: a torch module, or anything else.
      candidates: programs by name; modules that are chains too take part.
      problem: whose inputs are samples [N, d], and labels [N, k] where the module takes them.
      device: to compute on.

    Returns:
      The report of `compare_gradients` on the first samples; None if the reference is no chain.
    """
    inputs = _inputs(problem) if is_module(reference) else ()
    if not 1 <= len(inputs) <= 2 or not all(map(_are_samples, inputs)):
        return None
    try:
        module = _copied(reference, problem, device)
        ends = {name: recognise(module).network_options[name] for name in ("output", "loss")}
        modules = {name: one for name, one in candidates.items() if is_module(one)}
        found = {
            name: _backward(_copied(one, problem, device), ends) for name, one in modules.items()
        }
        from compare.api import compare_gradients  # which imports much

        return compare_gradients(
            module,
            *(one[:_MOST_SAMPLES] for one in inputs),
            candidates={name: one for name, one in found.items() if one is not None},
            implementations=("torch_autograd",),
            layout="out_in",
            call_style=CallStyle(arrays="torch", batched=True),
            machine=Machine(device=device),
        )
    except UsageError:  # it is no chain, or these are no samples of one
        return None


def joined(found: FunctionReport, network: Report | None) -> FunctionReport:
    """Returns a report with that of the network, whose disagreement is one here."""
    if network is None:
        return found
    told = f"as a network, sample by sample: {network.headline.rstrip('.')}"
    # that of the reference alone is no comfort where another program is wrong
    is_news = network.verdict != "agree" or found.verdict == "agree"
    changes: dict[str, Any] = {"remarks": (*found.remarks, told) if is_news else found.remarks}
    if network.verdict == "disagree" != found.verdict:
        changes = {
            "verdict": "disagree",
            "headline": told,
            "remarks": (found.headline, *found.remarks),
        }
    headline = changes.get("headline", found.headline)
    reason = "; ".join([headline, *changes["remarks"]])
    return dataclasses.replace(found, network=network, reason=reason, **changes)


def _inputs(problem: FunctionProblem) -> tuple[Any, ...]:
    """Returns the arguments but for the weights, as NumPy arrays."""
    arguments = problem.arguments
    return tuple(arguments.structure.unflatten(arguments.leaves)[1:])


def _are_samples(one: Any) -> bool:
    return isinstance(one, np.ndarray) and one.ndim == 2 and len(one) > 0


def _copied(module: Any, problem: FunctionProblem, device: str) -> Any:
    from compare.implementations.programs.torch_copies import copied

    return copied(module, problem.dtype, target("torch", device))


def _backward(module: Any, ends: Mapping[str, str]) -> Backward | None:
    """Returns a function of (weights, samples, labels), which are its own; None of no chain."""
    from torch_ref.module import read_module
    from torch_ref.module_gradients import module_gradients

    try:
        with user_module_told():
            chain = read_module(module)
    except UsageError:
        return None

    def backward(_: Any, x: Any, y: Any) -> Any:
        made = module_gradients(
            module, chain, x, y, n=len(x), output=ends["output"], loss=ends["loss"]
        ).grads
        return list(zip(made[::2], made[1::2], strict=True))

    return backward
