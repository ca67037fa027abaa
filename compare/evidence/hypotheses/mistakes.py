"""Classic mistakes: each a description, and a formula for the value that would be computed.

The sample axis is last, and layers count from 1 as in w1.
"""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from compare.evidence.certificate.activations import ACTIVATIONS
from compare.evidence.hypotheses.fitting import outer
from compare.evidence.hypotheses.right_values import RightValues

Mistakes: TypeAlias = Iterator[tuple[str, np.ndarray]]  # (description, value)


def factors(right: RightValues, n_samples: int, *, of_loss: bool) -> dict[float, str]:
    """Returns factors by which a value may be wrong, each with its description.

    Where a factor can come about in two ways, neither is told.

    Args:
      right: tells the loss and the number of outputs.
      n_samples: of the whole run.
      of_loss: whether the value is the slope of the loss.
    """
    gives, loss, k = "what the chain rule gives", right.case.loss, len(right.case.y)
    said = {
        0.5: f"is half of {gives}",
        2.0: f"is twice {gives}",
        -1.0: f"is the negative of {gives}",
        -0.5: f"is the negative of half of {gives}",
        -2.0: f"is the negative of twice {gives}",
    }
    ways: list[tuple[float, str]] = []
    if of_loss:
        ways.append((-1.0, f": {loss.turned}"))
    if of_loss and loss.factor == 2:
        front = f": the factor 2 of {loss.formula} is"
        ways += [(0.5, f"{front} missing"), (2.0, f"{front} there twice")]
    for n, what in ((k, "outputs"), (n_samples, "samples")):
        if n > 1:
            ways.append((1 / n, f", as by a mean over the {n} {what}"))
            said.setdefault(1 / n, f"is {gives} divided by {n}")
    if k > 1:
        ways.append((0.5 / k, f", as by a mean over the {k} outputs without the factor 2"))
        said.setdefault(0.5 / k, f"is {gives} divided by {2 * k}")
    for factor in said:
        known = [way for one, way in ways if one == factor]
        said[factor] += known[0] if len(known) == 1 else ""
    return said


def of_output(right: RightValues) -> Mistakes:
    """Yields mistakes in delta of the output."""
    yhat, y, loss = right.preacts[-1].z, right.case.y, right.case.loss
    for said, slope in loss.mistakes:
        yield said, slope(yhat, y)
    hidden = right.case.activations[-1:] or tuple(ACTIVATIONS.values())
    for phi in hidden:
        yield (
            "the linear output is differentiated like a hidden layer",
            loss.slope(yhat, y) * phi.slope(np, yhat),
        )
        yield "the output went through the activation", loss.slope(phi.value(np, yhat), y)


def of_delta(right: RightValues, layer: int) -> Mistakes:
    """Yields mistakes in delta of a hidden layer."""
    case, z, h = right.case, right.preacts[layer - 1].z, right.act(layer)
    phi, slope, s = case.activations[layer - 1], right.slope(layer), right.passed_down(layer)
    w, above = case.params[layer][0], case.grads[layer][1]
    yield "phi' is left out", s
    yield "phi' is taken at h instead of z", s * phi.slope(np, h)
    yield "phi stands in place of phi'", s * h
    yield "phi' is applied twice", s * slope**2
    yield "h (1 - h) is written with z in place of h", s * z * (1 - z)
    yield "1 - h^2 is written with z in place of h", s * (1 - z * z)
    yield "1 - h^2 is written in place of phi'", s * (1 - h * h)
    yield "h (1 - h) is written in place of phi'", s * h * (1 - h)
    if phi.has_kink:
        yield "the mask is z >= 0 in place of z > 0", s * (z >= 0)
    else:
        yield "a step at 0 stands in place of phi'", s * (z > 0)
    for other in range(1, right.n_layers):
        if other != layer and right.preacts[other - 1].z.shape == z.shape:
            yield (
                f"phi' is taken at z{other} instead of z{layer}",
                s * phi.slope(np, right.preacts[other - 1].z),
            )
    if w.shape[0] == w.shape[1]:
        yield f"w{layer + 1} is transposed", (w.T @ above) * slope
        yield f"w{layer + 1} is left out", above * slope
        yield f"w{layer + 1} is transposed and phi' left out", w.T @ above
    for other, (matrix, _) in enumerate(case.params, start=1):
        if other != layer + 1 and matrix.shape == w.shape:
            yield f"w{other} stands in place of w{layer + 1}", (matrix @ above) * slope
    yield f"|w{layer + 1}| stands in place of w{layer + 1}", (np.abs(w) @ above) * slope


def of_weights(right: RightValues, layer: int) -> Mistakes:
    """Yields mistakes in dL/dw of a layer whose delta is as found."""
    case, delta = right.case, right.case.grads[layer - 1][1]
    h, name = right.act(layer - 1), _act_name(layer - 1)
    yield f"{name} is left out", outer(np.ones_like(h), delta)
    if h.shape == delta.shape:
        yield "it is transposed", outer(delta, h)
    if layer > 1:
        z = right.preacts[layer - 2].z
        yield f"z{layer - 1} stands in place of h{layer - 1}", outer(z, delta)
        slope = right.slope(layer - 1)
        yield f"phi'(z{layer - 1}) stands in place of h{layer - 1}", outer(slope, delta)
    for other in range(right.n_layers):
        act = right.act(other)
        if other != layer - 1 and act.shape == h.shape:
            yield f"{_act_name(other)} stands in place of {name}", outer(act, delta)
    if layer < right.n_layers:
        yield "phi' is left out of its delta", outer(h, right.passed_down(layer))
    for other, (_, db) in enumerate(case.grads, start=1):
        if other != layer and db.shape == delta.shape:
            yield f"delta{other} stands in place of delta{layer}", outer(h, db)


def _act_name(layer: int) -> str:
    return f"h{layer}" if layer else "x"
