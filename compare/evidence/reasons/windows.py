"""Convolutions and pools of other windows: padded, dilated, shifted, averaged otherwise."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.graph import Step
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.terms import results
from compare.evidence.reasons.words import subject

_MODES = {"reflect": "by reflection", "edge": "by its edge", "wrap": "in a circle"}
Variant = tuple[str, Callable[..., Any]]  # words, and a function of the operands


def window_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which a convolution, a pool or a padding has other windows."""
    for step, out in results(case):
        for words, f in _variants(step):
            operands = map(case.evaluation.of, step.operands)
            made = case.evaluation.made(f, *operands)
            if made.value.shape == out.shape and case.takes(out, made):
                yield Reason("window", f"{subject(case)} {words}", case.place)
                return
    for step, out in results(case):
        made = _counted(case, step)
        if made is not None and case.takes(out, made):
            words = "divides by the entries of each window that are no padding"
            yield Reason("window", f"{subject(case)} {words}", case.place)


def _variants(step: Step) -> Iterator[Variant]:
    params = step.eqn.params
    if step.name == "conv_general_dilated":
        yield from _convolutions(params)
    elif step.name == "reduce_window_max":
        yield (
            "takes the mean of each window where the reference takes the maximum",
            functools.partial(_mean, params),
        )
    elif step.name == "pad":
        yield from _paddings(params["padding_config"])
    elif step.name == "rev":
        yield "does not reverse its kernel", lambda a: a


def _convolutions(params: dict[str, Any]) -> Iterator[Variant]:
    padding, spec = params["padding"], params["dimension_numbers"]
    axes = spec.lhs_spec[2:]
    if any(low or high for low, high in padding):
        for mode, words in _MODES.items():
            yield (
                f"pads {words} where the reference pads with 0",
                functools.partial(_padded, params, axes, mode),
            )
        for shifted in _shifts(padding):
            yield (
                f"has the padding {_sides(shifted)} where the reference has {_sides(padding)}",
                functools.partial(_convolved, params, {"padding": shifted}),
            )
    dilation = params["rhs_dilation"]
    for factor in (0.5, 2, 1 / max(dilation)):
        other = tuple(max(1, int(one * factor)) for one in dilation)
        if other == tuple(dilation):
            continue
        for side in ("before", "after", "both"):
            yield (
                f"has the dilation {_number(other)} where the reference has {_number(dilation)}",
                functools.partial(_dilated, params, other, side),
            )


def _shifts(padding: Any) -> Iterator[tuple[tuple[int, int], ...]]:
    """Yields paddings of the same sizes with more on one side."""
    total = [low + high for low, high in padding]
    most = max(total)
    for before in range(most + 1):
        shifted = tuple((min(before, one), one - min(before, one)) for one in total)
        if shifted != tuple(map(tuple, padding)):
            yield shifted


def _convolved(params: dict[str, Any], others: dict[str, Any], a: Any, kernel: Any) -> Any:
    return lax.conv_general_dilated_p.bind(a, kernel, **{**params, **others})


def _padded(params: dict[str, Any], axes: Any, mode: str, a: Any, kernel: Any) -> Any:
    widths = [(0, 0)] * a.ndim
    for axis, both in zip(axes, params["padding"], strict=True):
        widths[axis] = (max(both[0], 0), max(both[1], 0))
    none = tuple((0, 0) for _ in axes)
    return _convolved(params, {"padding": none}, jnp.pad(a, widths, mode=mode), kernel)


def _dilated(params: dict[str, Any], dilation: Any, side: str, a: Any, kernel: Any) -> Any:
    """Convolves with another dilation, and with less or more padding on some side."""
    spatial = params["dimension_numbers"].rhs_spec[2:]
    sizes = [kernel.shape[axis] - 1 for axis in spatial]
    padding = []
    for both, size, old, new in zip(
        params["padding"], sizes, params["rhs_dilation"], dilation, strict=True
    ):
        more = size * (new - old)
        before = {"before": more, "after": 0, "both": more // 2}[side]
        padding.append((both[0] + before, both[1] + more - before))
    return _convolved(params, {"rhs_dilation": dilation, "padding": tuple(padding)}, a, kernel)


def _paddings(config: Any) -> Iterator[Variant]:
    total = [low + high for low, high, _ in config]
    for before in range(max(total, default=0) + 1):
        other = [
            (min(before, one), one - min(before, one), inner)
            for one, (_, _, inner) in zip(total, config, strict=True)
        ]
        if other != [tuple(one) for one in config] and min(total) >= 0:
            sides = _sides([one[:2] for one in other if sum(one[:2])])
            here = _sides([one[:2] for one in config if sum(one[:2])])
            yield (
                f"has the padding {sides} where the reference has {here}",
                functools.partial(lax.pad, padding_config=other),
            )


def _mean(params: dict[str, Any], a: Any) -> Any:
    window = {name: params[name] for name in ("window_dimensions", "window_strides", "padding")}
    total = lax.reduce_window_sum_p.bind(
        a,
        **window,
        base_dilation=params["base_dilation"],
        window_dilation=params["window_dilation"],
    )
    return total / np.prod(params["window_dimensions"])


def _counted(case: Case, step: Step) -> Any:
    """Returns sums of windows, divided by how many entries each has; None of all else."""
    if step.name != "div" or step.operands[0].primitive != "reduce_window_sum":
        return None
    total = step.operands[0].step
    assert total is not None
    ones = np.ones(total.operands[0].shape)
    count = case.evaluation.made(
        lambda one: lax.reduce_window_sum_p.bind(one, **total.eqn.params),
        case.evaluation.exact(ones),
    )
    return case.evaluation.made(jnp.divide, case.evaluation.of(step.operands[0]), count)


def _sides(padding: Any) -> str:
    return " and ".join(dict.fromkeys(f"({low}, {high})" for low, high in padding))


def _number(dilation: Any) -> str:
    return " x ".join(map(str, dict.fromkeys(dilation)))
