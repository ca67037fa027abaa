"""What may have been computed in place of delta of the output: another loss or output."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activation_functions import sigmoid
from compare.evidence.certificate.rules import Check
from compare.evidence.hypotheses.activations import OTHERS
from compare.evidence.hypotheses.assumption import Assumption, Claim, explains
from compare.evidence.hypotheses.explanation import WHOLE, figures
from compare.evidence.hypotheses.factors import Factor, factors_between
from compare.evidence.hypotheses.local import Known, Local, spread

_Mistake = tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]

# What continues 'delta3 is ...', and (yhat, y) -> what is computed in place of the slope of the
# squared error: what people do, and what is rare.
_MISTAKES: tuple[_Mistake, ...] = (
    ("2 yhat, without y", lambda yhat, y: 2 * yhat),
    ("the slope of |yhat - y|, not of its square", lambda yhat, y: np.sign(yhat - y)),
)
_ODD_MISTAKES: tuple[_Mistake, ...] = (
    ("the slope of log cosh(yhat - y)", lambda yhat, y: np.tanh(yhat - y)),
    ("the slope of the Huber loss", lambda yhat, y: np.clip(yhat - y, -1, 1)),
    ("2 (yhat - y) clipped to 1", lambda yhat, y: np.clip(2 * (yhat - y), -1, 1)),
    ("sigmoid(yhat) - y, as for binary cross-entropy", lambda yhat, y: sigmoid(np, yhat) - y),
    ("the slope of (yhat + y)^2", lambda yhat, y: 2 * (yhat + y)),
    ("(yhat - y)^2 itself, and not its slope", lambda yhat, y: (yhat - y) ** 2),
    ("the slope of (yhat - y)^4", lambda yhat, y: 4 * (yhat - y) ** 3),
)
_RATES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.003, 0.001, 1e-4)  # that people learn with


def output_assumptions(start: Assumption, n_samples: int) -> Iterator[Assumption]:
    """Yields what may stand in place of dL/dyhat, if it breaks its rule.

    Args:
      start: what is assumed already.
      n_samples: of the whole run, by which a gradient may have been divided.
    """
    local = start.local
    layer = local.n_layers
    if ("output", f"b{layer}") not in start.broken:
        return
    right = local.delta(layer)
    shown = figures(f"delta{layer}", layer, local.found_delta(layer), right)
    for factor in _factors(local, n_samples):
        check = output_check(local, factor.value)
        if explains(check, right, start.case, factor.rank):
            yield start.claiming(Claim(WHOLE, factor.said, {}, shown, factor.rank), None, check)
    for quantity, said, delta, rank in _others(local):
        if explains(check := _check(local, delta), right, start.case, rank):
            yield start.claiming(Claim(quantity, said, {}, shown, rank), None, check)


def output_check(local: Local, factor: float = 1.0) -> Check:
    """Holds delta as found against dL/dyhat times a factor."""
    loss, yhat, y = local.case.loss, local.preact(local.n_layers), local.case.y
    rounding = local.case.rounding
    y_error = rounding.input_error(np, y)
    error = loss.slope_error(np, yhat.value, y, yhat.error, y_error, rounding)
    right = loss.slope(np, yhat.value, y)
    return _check(local, Known(right, error + 2 * rounding.u * np.abs(right)).times(factor))


def _check(local: Local, delta: Known) -> Check:
    """Holds delta as found against another, which is known to an error."""
    rounding, gradient = local.case.rounding, local.layers[-1]
    allowed = delta.error + rounding.u * np.abs(delta.value) + 6 * rounding.lam
    allowed = gradient.beside_print(rounding.slack * allowed, rounding)
    applies = np.ones(allowed.shape[-1], bool)
    name = f"b{local.n_layers}"
    return Check("output", name, gradient.delta, delta.value, allowed, applies)


def _factors(local: Local, n_samples: int) -> Iterator[Factor]:
    """Returns the factor of the whole gradient, with every way in which it may come about."""
    layer, loss, k = local.n_layers, local.case.loss, len(local.case.y)
    ways: dict[float, list[str]] = {-1.0: [loss.turned]}
    missing = f"a missing factor {loss.factor} of {loss.formula}"
    if loss.factor != 1:
        ways[1 / loss.factor] = [missing]
        ways[float(loss.factor)] = [missing.replace("missing", "second")]
    means = [(n_samples, f"a mean over {n_samples:,} samples"), (k, f"a mean over the {k} outputs")]
    if min(n_samples, k) > 1:
        means.append((k * n_samples, "a mean over samples and outputs"))
    for n, mean in means:
        if n > 1:
            ways.setdefault(1 / n, []).append(mean)
            ways.setdefault(1 / n / loss.factor, []).append(f"{mean} and {missing}")
    for rate in _RATES:
        ways.setdefault(rate, []).append(f"a step of {rate:g}")
    said = {factor: f"as by {' or by '.join(told)}" for factor, told in ways.items()}
    found, right = local.found_delta(layer), local.delta(layer)
    return factors_between(found, right, local.case.rounding.u, said)


def _others(local: Local) -> Iterator[tuple[str, str, Known, int]]:
    """Yields (quantity, what is said of it, delta of the output, rank)."""
    loss, y, name = local.case.loss, local.case.y, f"delta{local.n_layers}"
    for rank, mistakes in enumerate((_MISTAKES, _ODD_MISTAKES), start=1):
        for said, slope in mistakes:
            yield name, said, _of_output(local, partial(_swapped, slope, y)), rank
    yield name, "softmax(yhat) - y, as for cross-entropy", _softmax(local), 1
    for other in OTHERS:
        said, phi = other.said.format(z=f"z{local.n_layers}"), other.activation

        def hidden(z: np.ndarray, phi: Activation = phi) -> np.ndarray:
            return np.asarray(loss.slope(np, z, y) * phi.slope(np, z))

        def bent(z: np.ndarray, phi: Activation = phi) -> np.ndarray:
            return np.asarray(loss.slope(np, phi.value(np, z), y))

        def through(z: np.ndarray, phi: Activation = phi) -> np.ndarray:
            return np.asarray(bent(z, phi) * phi.slope(np, z))

        slope_said = f"multiplied by the slope of {said}, although the output is linear"
        yield name, slope_said, _of_output(local, hidden), other.rank
        yield "yhat", f"{said}, and {name} has not its slope", _of_output(local, bent), other.rank
        yield "yhat", said, _of_output(local, through), other.rank


def _softmax(local: Local) -> Known:
    """Returns softmax(yhat) - y; its error is twice that of yhat, relative to softmax."""
    (yhat, error), y, u = local.preact(local.n_layers), local.case.y, local.case.rounding.u
    shares = np.exp(yhat - yhat.max(axis=0))
    shares = shares / shares.sum(axis=0)
    lost = 2 * shares * error.max(axis=0) + 8 * u * (len(y) * shares + np.abs(y))
    return Known(shares - y, lost)


def _swapped(
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray], y: np.ndarray, yhat: np.ndarray
) -> np.ndarray:
    return slope(yhat, y)


def _of_output(local: Local, function: Callable[[np.ndarray], np.ndarray]) -> Known:
    """Returns a function of yhat and y, with its error."""
    yhat, u = local.preact(local.n_layers), local.case.rounding.u
    value, error = spread(function, yhat, u)
    return Known(value, error + 8 * u * (np.abs(yhat.value) + np.abs(local.case.y)))
