"""Other samples of which a gradient may be, or what x may have been turned into."""

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.case import Layers
from compare.evidence.hypotheses.assumption import UNSURE, Assumption, Claim, holds
from compare.evidence.hypotheses.explanation import WHOLE, Figures, figures
from compare.evidence.hypotheses.factors import factors_between
from compare.evidence.hypotheses.local import coarser_dtypes
from compare.evidence.hypotheses.outputs import output_check

_SAME = 1e-5  # relative: how near two inputs are that are the same but for rounding
_LEAST = 4  # numbers, to fit a scale and a shift


class Surroundings(NamedTuple):
    """What lies around the samples of a case."""

    n_samples: int  # of the whole run
    layout: str  # in which weights and gradients are read
    x: np.ndarray  # [d, B] of a block of samples
    y: np.ndarray  # [k, B]
    rows: np.ndarray  # [N] those of the case among them
    earlier: Layers | None  # the gradients of the sample before each of the case


def sample_assumptions(start: Assumption, around: Surroundings) -> Iterator[Assumption]:
    """Yields other samples, if x or y may be those of others."""
    if ("input", "w1") in start.broken and not _right_came_in(start):
        yield from _other_samples(start, around)
        yield from _other_inputs(start)
    elif ("output", f"b{start.local.n_layers}") in start.broken:
        for step, said in ((-1, "before"), (1, "after")):
            rows, claim = around.rows + step, f"compared with y of the sample {said}"
            last = around.y.shape[1] - 1
            for at in (rows % (last + 1), rows.clip(0, last)):  # the other end's, or its own
                case = dataclasses.replace(start.case, y=around.y[:, at].astype(np.float64))
                yield start.claiming(Claim("yhat", claim, {}, _output(start)), case)


def _right_came_in(start: Assumption) -> bool:
    """Whether the right x makes what comes after it: then it is dL/dw1 that is wrong."""
    local = start.local
    if local.n_layers == 1:
        return holds(output_check(local))
    return bool(local.input_fits(2).all())


def _output(start: Assumption) -> Figures:
    local, layer = start.local, start.local.n_layers
    return figures(f"delta{layer}", layer, local.found_delta(layer), local.delta(layer))


def _other_samples(start: Assumption, around: Surroundings) -> Iterator[Assumption]:
    """Yields the samples whose x is what the gradient implies."""
    implied = start.local.implied(1)
    distances = np.abs(around.x[:, :, None] - implied[:, None]).max(axis=0)  # [B, N]
    at = distances.argmin(axis=0)
    shown = figures("x", 1, implied, np.asarray(start.case.x))
    x, y = (np.asarray(values[:, at], np.float64) for values in (around.x, around.y))
    steps = set(((at - around.rows)[at != around.rows] % around.x.shape[1]).tolist())
    said = "that of another sample"
    for step, which in ((-1, "before"), (1, "after")):
        if steps == {step % around.x.shape[1]}:
            said = f"that of the sample {which}"
    claim = Claim(WHOLE, said, {}, shown)
    yield start.claiming(claim, dataclasses.replace(start.case, x=x, y=y))
    claim = Claim("x", f"{said}; y is not", {}, shown)
    yield start.claiming(claim, dataclasses.replace(start.case, x=x))


def _other_inputs(start: Assumption) -> Iterator[Assumption]:
    """Yields what x may have been turned into before it was used."""
    known, u = start.local.layers[0].known, start.case.rounding.u
    x = np.asarray(start.case.x)
    found = np.where(known, start.local.implied(1), x)
    case, shown = dataclasses.replace(start.case, x=found), figures("x", 1, found, x)
    if not known.any():
        return
    near = max(_SAME, 4 * u) * np.abs(found).max()
    for said, value, rank in _turned(found[:, known], x[:, known], u):
        if np.abs(found[:, known] - value).max() <= near < np.abs(found - x).max():
            yield start.claiming(Claim("x", said, {}, shown, rank), case)
            return
    for dtype in coarser_dtypes(start.case):
        value = x.astype(dtype).astype(np.float64)
        claim = Claim("x", f"rounded to {np.dtype(dtype).name}", {}, shown)
        yield start.claiming(claim, dataclasses.replace(start.case, x=value))


def _turned(found: np.ndarray, x: np.ndarray, u: float) -> Iterator[tuple[str, np.ndarray, int]]:
    """Yields what is said of x, and what it is then; the simplest first."""
    for factor in factors_between(found, x, u):
        if abs(factor.value - 1) > _SAME:
            yield f"{factor.value:.4g} times that of the sample", factor.value * x, 0
    yield "that of the sample with its features in the other order", x[::-1], 0
    yield "|x| of the sample", np.abs(x), 0
    order = np.abs(x[:, None] - found[None]).max(axis=2).argmin(axis=0)
    yield "that of the sample with its features in another order", x[order], 0
    yield "that of the sample less its mean over the features", x - x.mean(axis=0), 0
    if x.size >= _LEAST:
        scale, shift = _line(x.reshape(1, -1), found.reshape(1, -1))
        said = f"{_scaled(scale[0])}x {'+' if shift[0] > 0 else '-'} {abs(shift[0]):.4g}"
        yield f"{said}, with x of the sample", scale * x + shift, 0
    if x.shape[1] >= _LEAST and np.ptp(found, axis=1).min() > 0:
        scale, shift = _line(x, found)
        said = "that of the sample with every feature scaled and shifted, as by a standardisation"
        yield said, scale[:, None] * x + shift[:, None], UNSURE


def _scaled(factor: float) -> str:
    return "" if abs(factor - 1) < _SAME else f"{factor:.4g} "


def _line(x: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fits found = scale x + shift in every row by least squares."""
    middle, to = x.mean(axis=1), found.mean(axis=1)
    away = x - middle[:, None]
    squares = np.maximum((away * away).sum(axis=1), 1e-300)
    scale = (away * (found - to[:, None])).sum(axis=1) / squares
    return scale, to - scale * middle
