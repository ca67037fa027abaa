"""Code that counts a sample alone otherwise than in a batch, by an n that is not that of the batch.

With a penalty of lambda / n a sample alone has n times the penalty of the batch; where n is that of
all data, it has 1 / n of its loss. The gradient that is asked for, that of a batch, is right.
"""

from collections.abc import Iterable

import numpy as np

from compare.evidence.certificate.making import make_case
from compare.evidence.certificate.nearness import float64_gradients
from compare.problem.answers import Answer
from compare.problem.batches import Reduction
from compare.problem.network import Network
from compare.problem.problem import Problem
from jaxmlp.base import Batch, Layer

_NEAR = 1e-3  # of the largest entry: what is nearer is judged by its bounds, later


def counts_otherwise(
    alone: Answer, whole: Answer, batch: Batch, problem: Problem, reduction: Reduction
) -> bool:
    """Whether a sample alone has its loss and the penalty times other factors than in the batch.

    Where the batch is wrong too, that may be a mistake; but not that the penalty is n times as
    large.

    Args:
      alone: what was answered for the first sample of the batch.
      whole: what was answered for the batch.
      batch: x and y.
      problem: whose gradients these are.
      reduction: of the losses.
    """
    n, network = len(batch.x), problem.network
    if n < 2:
        return False
    penalty = network.l2 * _entries([(w, 0 * b) for w, b in problem.params], network)
    first = _of_losses(Batch(batch.x[:1], batch.y[:1]), problem)
    found = _entries(alone.grads, network)
    known = np.stack([first, penalty] if network.l2 else [first], axis=1)
    if not (np.isfinite(known).all() and np.isfinite(found).all()):
        return False
    if _is_near(found, known.sum(axis=1)):
        return False
    factors, *_ = np.linalg.lstsq(known, found, rcond=None)
    if not _is_near(found, known @ factors):
        return False
    if network.l2 and _is_near(found, first + n * penalty):
        return True
    right = reduction.weight(n) * _of_losses(batch, problem) + penalty
    return _is_near(_entries(whole.grads, network), right)


def _of_losses(batch: Batch, problem: Problem) -> np.ndarray:
    """Returns the gradient of the sum of the losses of some samples in float64, [P]."""
    shapes = [Layer(w[None], b[None]) for w, b in problem.params]
    case = make_case(problem.network, problem.params, *batch, shapes).wide()
    with np.errstate(all="ignore"):
        layers = [(w.sum(axis=-1), b.sum(axis=-1)) for w, b in float64_gradients(case)]
    return _entries(layers, problem.network)


def _entries(layers: Iterable[tuple[np.ndarray, np.ndarray]], network: Network) -> np.ndarray:
    """Returns the entries of all parameters that there are, [P] in float64."""
    leaves = [
        leaf for i, (w, b) in enumerate(layers) for leaf in ([w, b] if network.has_bias(i) else [w])
    ]
    return np.concatenate([np.ravel(leaf).astype(np.float64) for leaf in leaves])


def _is_near(found: np.ndarray, right: np.ndarray) -> bool:
    return bool((np.abs(found - right) <= _NEAR * np.abs(right).max()).all())
