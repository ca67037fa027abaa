"""What may have been computed in place of h of a layer, or of the output: other weights or phi."""

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.case import Case
from compare.evidence.certificate.forward import activate, affine
from compare.evidence.certificate.missing_biases import with_deltas
from compare.evidence.certificate.rules import Check
from compare.evidence.hypotheses.activations import IDENTITY, OTHERS, called, twice
from compare.evidence.hypotheses.assumption import Assumption, Claim, explains
from compare.evidence.hypotheses.deltas import right_chain
from compare.evidence.hypotheses.explanation import figures
from compare.evidence.hypotheses.local import Local, coarser_dtypes

_FACTORS = (0.1, 0.5, 2.0, 10.0)  # by which weights may be scaled


class _Way(NamedTuple):
    """A way to compute a layer."""

    said: str
    w: np.ndarray
    b: np.ndarray
    phi: Activation | None  # None for the output
    rank: int = 0


def forward_assumptions(start: Assumption, layer: int) -> Iterator[Assumption]:
    """Yields other networks, if what comes out of a layer breaks its rule.

    Weights and activations may be other ones in the forward pass alone, too.
    """
    local = start.local
    is_output = layer == local.n_layers
    rule = ("output", f"b{layer}") if is_output else ("activation", f"w{layer + 1}")
    if rule not in start.broken or (is_output and local.case.loss.has_steps(local.case.y)):
        return
    names = {"w": f"w{layer}", "b": f"b{layer}", "z": f"z{layer}"}
    right = local.delta(layer) if is_output else local.computed(layer)
    for way in _ways(local, layer):
        case = _changed(start.case, layer, way)
        # without biases delta follows from h, and so from the way
        found = Local(with_deltas(case)) if case.network.biases else local
        if not explains(_check(local, layer, way, found), right, start.case, way.rank):
            continue
        claim = _claim(local, layer, way, found)._replace(names=names, rank=way.rank)
        yield start.claiming(claim, case)
        alone = claim._replace(said=f"{way.said}, in the forward pass alone")
        if way.w is not local.case.params[layer - 1][0] and layer > 1:
            yield start.claiming(alone, case, right_chain(local, layer - 1, found))
        if not is_output and way.phi is not local.phi(layer):
            yield start.claiming(alone, case, right_chain(local, layer, found))


def _check(local: Local, layer: int, way: _Way, found: Local) -> Check:
    """Holds what was found to come out of a layer against what comes out by another way."""
    rounding = local.case.rounding
    preacts = affine(np, *local.act(layer - 1), way.w, way.b, rounding)
    if way.phi is None:
        y, gradient, loss = local.case.y, found.layers[-1], local.case.loss
        y_error = rounding.input_error(np, y)
        error = loss.slope_error(np, preacts.z, y, preacts.error, y_error, rounding)
        allowed = error + rounding.u * np.abs(gradient.delta) + 6 * rounding.lam
        allowed = gradient.beside_print(rounding.slack * allowed, rounding)
        applies = np.ones(y.shape[-1], bool)
        expected = loss.slope(np, preacts.z, y)
        return Check("output", f"b{layer}", gradient.delta, expected, allowed, applies)
    h, error = activate(np, preacts, way.phi, rounding)
    above = found.layers[layer]
    allowed = rounding.slack * (error + above.h_error + rounding.lam)
    return Check("activation", f"w{layer + 1}", above.h, h, allowed, above.known)


def _claim(local: Local, layer: int, way: _Way, found: Local) -> Claim:
    if way.phi is None:
        shown = figures(f"delta{layer}", layer, found.found_delta(layer), local.delta(layer))
        return Claim("yhat", way.said, {}, shown)
    implied, right = found.implied(layer + 1), local.computed(layer)
    return Claim(f"h{layer}", way.said, {}, figures(f"h{layer}", layer + 1, implied, right))


def _changed(case: Case, layer: int, way: _Way) -> Case:
    params, functions = list(case.params), list(case.activations)
    params[layer - 1] = (way.w, way.b)
    if way.phi is not None:
        functions[layer - 1] = way.phi
    return dataclasses.replace(case, params=tuple(params), functions=tuple(functions))


def _ways(local: Local, layer: int) -> Iterator[_Way]:
    (w, b), phi = local.case.params[layer - 1], None
    if layer < local.n_layers:
        phi, has = local.phi(layer), called(local.phi(layer))
        for other in (IDENTITY, *OTHERS, twice(phi)):
            if other.activation.formula != phi.formula:
                said = f"{other.said}{other.asked_for}; the network has {has}"
                yield _Way(said, w, b, other.activation, other.rank)
    for said, matrix in _matrices(local, layer):
        yield _Way(f"computed {said}", matrix, b, phi)
    for said, bias in _biases(local, layer):
        yield _Way(f"computed {said}", w, bias, phi)
    for dtype in coarser_dtypes(local.case):
        less_w, less_b = (values.astype(dtype).astype(values.dtype) for values in (w, b))
        yield _Way(f"computed with {{w}} rounded to {dtype.name}", less_w, b, phi)
        both = f"computed with {{w}} rounded to {dtype.name}, and {{b}} too"
        yield _Way(both, less_w, less_b, phi, rank=1)


def _matrices(local: Local, layer: int) -> Iterator[tuple[str, np.ndarray]]:
    w = local.case.params[layer - 1][0]
    if w.shape[0] == w.shape[1]:
        yield "with {w} transposed", w.T
    yield "with -{w} for {w}", -w
    yield "with |{w}| for {w}", np.abs(w)
    for factor in _FACTORS:
        yield f"with {{w}} times {factor:g}", factor * w
    for number, (other, _) in enumerate(local.case.params, start=1):
        for said, matrix in (("", other), (" transposed", other.T)):
            if number != layer and matrix.shape == w.shape:
                yield f"with w{number}{said} for {{w}}", matrix


def _biases(local: Local, layer: int) -> Iterator[tuple[str, np.ndarray]]:
    b = local.case.params[layer - 1][1]
    yield "without {b}", np.zeros_like(b)
    yield "with -{b} for {b}", -b
    yield "with {b} added twice", 2 * b
    for number, (_, other) in enumerate(local.case.params, start=1):
        if number != layer and other.shape == b.shape:
            yield f"with b{number} for {{b}}", other
