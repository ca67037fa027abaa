"""Gradients that were recovered from a step of gradient descent, as (w - new w) / rate.

A program may show nothing but its new weights v = w - rate dw. What is recovered from them is known
only to half a unit in the last place of v, divided by the rate: for weights of 0.5 and a rate of
0.1 that is 3e-7 in float32, more than rounding costs the gradient itself. Such gradients are
recognised, see `rates`, unless a user says that a function updates weights, and at which rate.
"""

import numpy as np

from compare.errors import UsageError
from compare.evidence.rounding.arithmetic import fraction_bits
from compare.formats.conversion import round_once
from compare.implementations.user.rates import MOST, rate_of
from compare.problem.answers import Answer
from jaxmlp.base import Grads, Layer, Params

_MOST_DECAY = 0.5  # share of the weights that a penalty takes away in one step, at most
_LONG = 1 / 8  # share of numbers that fill the second half of their bits, at least


def gradients_of_update(updated: Grads, params: Params, rate: float, *, steps: int = 1) -> Answer:
    """Returns the gradients that a step shows, and half a unit of what it hides of each entry.

    Weights that change several times are rounded as often, by half a unit in the last place each.

    Args:
      updated: the weights after one step at each of N samples, [N, ...]; of the dtype in which it
        was computed.
      params: the weights before it.
      rate: of the step.
      steps: how often the weights may have changed on the way.
    """
    grads, hidden = [], []
    with np.errstate(all="ignore"):  # what is not finite stays so
        for after, before in zip(updated, params, strict=True):
            pairs = [_step(new, old, rate, steps) for new, old in zip(after, before, strict=True)]
            grads.append(Layer(*(grad for grad, _ in pairs)))
            hidden.append(Layer(*(half for _, half in pairs)))
    return Answer(tuple(grads), printed=tuple(hidden), rate=rate)


def check_moved(updated: Grads, params: Params, where: str) -> None:
    """Checks that a step has changed something.

    Raises:
      UsageError: if it has not.
    """
    for after, before in zip(updated, params, strict=True):
        if any((new != old).any() for new, old in zip(after, before, strict=True)):
            return
    raise UsageError(
        f"{where}: expected weights after a step of gradient descent, returned or left in what it "
        "was given, got those from before it; did it work on a copy, or is its rate too small?"
    )


def _step(
    new: np.ndarray, old: np.ndarray, rate: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns (old - new) / rate in the dtype of new, and what new hides of it."""
    before, after = old.astype(np.float64), new.astype(np.float64)
    grad = (before - after) / rate
    size = np.maximum(np.abs(before), np.abs(after))
    half = steps * _half_unit(rate, size, grad, new.dtype)
    return round_once(grad, new.dtype), np.where(np.isfinite(half), half, 0.0)


def with_hidden_digits(answer: Answer, params: Params, l2: float = 0.0) -> Answer:
    """Returns an answer that knows what its entries hide, if they were recovered from a step.

    Beside a penalty dw has the last bits of l2 w. From rate l2 = 1/2 on, at which a step would
    halve the weights, those of rate l2 w are bits of w, and w - rate dw is a number in any case.

    Args:
      answer: gradients that a user brings, [N, ...].
      params: the weights before the step; only float32 and float64 ones are looked at.
      l2: lambda of the penalty.
    """
    if answer.printed is not None or params[0].w.dtype.name not in ("float32", "float64"):
        return answer
    grads = answer.grads
    if not all(np.isfinite(leaf).all() for layer in grads for leaf in layer):
        return answer
    pairs = [
        (leaf, grad)
        for layer, grad_layer in zip(params, grads, strict=True)
        for leaf, grad in zip(layer, grad_layer, strict=True)
    ]
    rate = rate_of(pairs) if _are_long(grads, params[0].w.dtype) else None
    if rate is None or rate * l2 >= _MOST_DECAY:
        return answer
    hidden = iter([_hidden(rate, *pair) for pair in pairs])
    units = tuple(Layer(next(hidden), next(hidden)) for _ in grads)
    return answer._replace(printed=units, rate=rate)


def _are_long(grads: Grads, dtype: np.dtype) -> bool:
    """Whether gradients are neither whole numbers nor short ones of the weights' dtype.

    Multiples of one short number, which an exact computation yields, fit a rate or none together:
    that is evidence once, and not in every entry.
    """
    leaves = [leaf.reshape(-1)[:MOST] for layer in grads for leaf in layer]
    found = np.concatenate([leaf[leaf != 0] for leaf in leaves])
    if np.all(found == np.round(found)):
        return False
    first_half = fraction_bits(dtype) // 2
    second_half = 2 ** max(fraction_bits(found.dtype) - first_half, 0) - 1
    filled = found.view(f"u{found.itemsize}") & second_half != 0
    return bool(filled.mean() >= _LONG) if found.size else False


def _hidden(rate: float, leaf: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """What a gradient hides that was recovered at a rate."""
    wide = grad.astype(np.float64)
    before = leaf.astype(np.float64)
    size = np.maximum(np.abs(before), np.abs(before - rate * wide))
    return _half_unit(rate, size, wide, leaf.dtype)


def _half_unit(rate: float, size: np.ndarray, grad: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Half a unit in the last place of the larger weight, over the rate; and 3 u of the entry.

    These are the roundings of rate times dw, of the rate and of the division.
    """
    half = np.spacing(size.astype(dtype)).astype(np.float64) / 2
    u = 2.0 ** -(fraction_bits(dtype) + 1)
    return np.asarray(half / rate + 3 * u * np.abs(grad))
