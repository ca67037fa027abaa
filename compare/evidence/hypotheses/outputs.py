"""What may have been computed in place of delta of the output: another loss or output."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activations import ACTIVATIONS
from compare.evidence.certificate.distances import DISTANCES
from compare.evidence.certificate.loss import Loss
from compare.evidence.certificate.losses import LOSSES
from compare.evidence.certificate.rules import Check
from compare.evidence.hypotheses.activations import OTHERS
from compare.evidence.hypotheses.assumption import Assumption, Claim, explains
from compare.evidence.hypotheses.explanation import WHOLE, figures
from compare.evidence.hypotheses.factors import Factor, factors_between
from compare.evidence.hypotheses.local import Known, Local
from compare.evidence.hypotheses.margins import margin_mistakes
from compare.evidence.hypotheses.output_mistakes import Slope, mistakes_of
from compare.evidence.hypotheses.penalties import divided_whole

_FAMILY = ("squared", "half_squared", "mean_squared")  # the same but for a factor
_RARE_LOSSES = ("huber", "hinge")
_CATALOGUED = (ACTIVATIONS["sigmoid"], ACTIVATIONS["tanh"])  # outputs of ends there are
_LOGARITHMS = (("log2", math.log(2)), ("log10", math.log(10)))
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
            claim = Claim(WHOLE, factor.said, {}, shown, factor.rank)
            yield start.claiming(claim, None, check)
            if start.case.network.l2 and factor.value:
                yield start.claiming(claim, divided_whole(start.case, factor.value))
    yield from _other_ends(start, right)
    yield from _other_labels(start, right)
    for quantity, said, delta, rank in _others(local):
        if explains(check := _check(local, delta), right, start.case, rank):
            names = {"z": f"z{layer}"}
            yield start.claiming(Claim(quantity, said, names, shown, rank), None, check)


def _other_ends(start: Assumption, right: np.ndarray) -> Iterator[Assumption]:
    """Yields every other output and loss there is, with the flags that ask for it."""
    local, network, layer = start.local, start.case.network, start.local.n_layers
    shown = figures(f"delta{layer}", layer, local.found_delta(layer), right)
    for output, loss in LOSSES:
        is_scaled = output == network.output and {loss, network.loss} <= set(_FAMILY)
        if (output, loss) == (network.output, network.loss) or is_scaled:
            continue
        if _is_another_name(loss, network.loss, len(right)):
            continue
        if output == "softmax" and len(right) == 1:
            continue
        other = dataclasses.replace(network, output=output, loss=loss)
        case = dataclasses.replace(start.case, network=other)
        if all(one.loss.has_steps(one.y) for one in (case, start.case)):
            continue  # one entry would have to tell them apart
        is_odd = output != network.output and loss in DISTANCES
        rank = is_odd + (loss in _RARE_LOSSES and loss != network.loss)
        if explains(output_check(local, loss=case.loss), right, start.case, rank):
            said = f"right for {_flags(network.output, network.loss, output, loss)}"
            yield start.claiming(Claim(WHOLE, said, {}, shown, rank), case)


def _is_another_name(loss: str, asked: str, k: int) -> bool:
    """Whether a squared loss is also what is asked for, or that of another name; of k outputs."""
    names = {1: ("squared", "mean_squared"), 2: ("half_squared", "mean_squared")}
    same: tuple[str, ...] = names.get(k, ())
    kept = asked if asked in same else "".join(same[:1])
    return loss in same and loss != kept


def _flags(output: str, loss: str, new_output: str, new_loss: str) -> str:
    """Returns what asks for another output or loss."""
    flags = [f"--output={new_output}"] * (new_output != output)
    return " ".join([*flags, *[f"--loss={new_loss}"] * (new_loss != loss)])


def _other_labels(start: Assumption, right: np.ndarray) -> Iterator[Assumption]:
    """Yields labels that stand one class, or output, further on or back."""
    local, layer = start.local, start.local.n_layers
    shown = figures(f"delta{layer}", layer, local.found_delta(layer), right)
    if local.case.loss.has_steps(local.case.y):
        return
    is_class = local.case.network.loss == "cross_entropy"
    said = f"computed with y moved by one {'class' if is_class else 'output'}"
    for step in (1, -1)[: len(right) - 1]:
        y = np.roll(local.case.y, step, axis=0)
        case = dataclasses.replace(start.case, y=y)
        if explains(output_check(local, y=y), right, start.case):
            yield start.claiming(Claim(f"delta{layer}", said, {}, shown), case)


def output_check(
    local: Local, factor: float = 1.0, *, loss: Loss | None = None, y: np.ndarray | None = None
) -> Check:
    """Holds delta as found against dL/dz times a factor, of another loss or other labels."""
    loss, z = loss or local.case.loss, local.preact(local.n_layers)
    y, rounding = local.case.y if y is None else y, local.case.rounding
    y_error = rounding.input_error(np, y)
    error = loss.slope_error(np, z.value, y, z.error, y_error, rounding)
    right = loss.slope(np, z.value, y)
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
    network = local.case.network
    ways: dict[float, list[str]] = {-1.0: [loss.turned]}
    missing = f"a missing factor {loss.factor} of {loss.formula}"
    if loss.factor != 1:
        ways[1 / loss.factor] = [missing]
        ways[float(loss.factor)] = [missing.replace("missing", "second")]
    if network.loss in ("cross_entropy", "binary_cross_entropy"):
        ways |= {1 / scale: [f"{name} in place of log"] for name, scale in _LOGARITHMS}
    means = [(n_samples, f"a mean over {n_samples:,} samples"), (k, f"a mean over the {k} outputs")]
    if min(n_samples, k) > 1:
        means.append((k * n_samples, "a mean over samples and outputs"))
    for n, mean in means:
        if n > 1:
            ways.setdefault(1 / n, []).append(mean)
            if loss.factor != 1:
                ways.setdefault(1 / n / loss.factor, []).append(f"{mean} and {missing}")
    for rate in _RATES:
        ways.setdefault(rate, []).append(f"a step of {rate:g}")
    said = {factor: f"as by {' or by '.join(told)}" for factor, told in ways.items()}
    for factor, flags in _in_family(network.loss, k).items():
        said[factor] = f"{said[factor]}: {flags}" if factor in said else flags
    found, right = local.printed_delta(layer), local.delta(layer)
    shown = (found.error <= np.abs(right)).any(axis=0)  # not where all of h is 0 and no bias is
    return factors_between(found.value[:, shown], right[:, shown], local.case.rounding.u, said)


def _in_family(loss: str, k: int) -> dict[float, str]:
    """Returns the factors of the other squared losses of k outputs, and the flags for them."""
    factors = dict(zip(_FAMILY, (2.0, 1.0, 2.0 / k), strict=True))
    flags: dict[float, list[str]] = {}
    for other, factor in factors.items():
        if loss in factors and factor != factors[loss]:
            flags.setdefault(factor / factors[loss], []).append(f"--loss={other}")
    return {factor: f"right for {' or '.join(names)}" for factor, names in flags.items()}


def _others(local: Local) -> Iterator[tuple[str, str, Known, int]]:
    """Yields (quantity, what is said of it, delta of the output, rank)."""
    network, y, name = local.case.network, local.case.y, f"delta{local.n_layers}"
    for one in mistakes_of(network.output, network.loss):
        yield name, one.said, _of_output(local, partial(_of_labels, one.slope, y)), one.rank
    if network.loss == "hinge":
        for one in margin_mistakes(network.output, local):
            yield name, one.said, _of_output(local, partial(_of_labels, one.slope, y)), one.rank
    has_signs = network.loss in ("absolute", "hinge")  # which many activations leave as they are
    if network.loss in DISTANCES and network.output != "softmax" and not has_signs:
        yield from _by_activations(local, network.output, network.loss)


def _of_labels(slope: Slope, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    return slope(z, y)


def _by_activations(local: Local, output: str, loss: str) -> Iterator[tuple[str, str, Known, int]]:
    """Yields other activations of the output, or slopes of others."""
    y, name, distance = local.case.y, f"delta{local.n_layers}", DISTANCES[loss]
    known = {"linear": "identity"}.get(output, output)
    for other in OTHERS:
        said, phi = other.said, other.activation

        def sloped(z: np.ndarray, phi: Activation = phi) -> np.ndarray:
            yhat = ACTIVATIONS[known].value(np, z)
            return np.asarray(distance.slope(np, yhat, y) * phi.slope(np, z))

        def bent(z: np.ndarray, phi: Activation = phi) -> np.ndarray:
            return np.asarray(distance.slope(np, phi.value(np, z), y))

        def through(z: np.ndarray, phi: Activation = phi) -> np.ndarray:
            return np.asarray(bent(z, phi) * phi.slope(np, z))

        if phi is ACTIVATIONS.get(output):
            continue
        slope_said = f"multiplied by the slope of {said}, although the output is {output}"
        yield name, slope_said, _of_output(local, sloped), other.rank
        yield "yhat", f"{said}, and {name} has not its slope", _of_output(local, bent), other.rank
        if phi not in _CATALOGUED:
            yield "yhat", said, _of_output(local, through), other.rank


def _of_output(local: Local, function: Callable[[np.ndarray], np.ndarray]) -> Known:
    """Returns a function of z, with its error: what an error of each z does to it."""
    (z, z_error), u = local.preact(local.n_layers), local.case.rounding.u
    with np.errstate(all="ignore"):  # what overflows is not finite, and explains nothing
        value = function(z)
        error = 8 * u * (1 + np.abs(value) + np.abs(z) + np.abs(local.case.y))
        for i in range(len(z)):
            move = np.where(np.arange(len(z))[:, None] == i, z_error, 0.0)
            error = error + np.maximum(
                *(np.abs(function(z + side) - value) for side in (move, -move))
            )
    is_known = np.isfinite(value) & np.isfinite(error)
    return Known(np.where(is_known, value, 1e300), np.where(is_known, error, 0.0))
