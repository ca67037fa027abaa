"""Mistakes that mix samples at the end."""

import numpy as np

from compare.selftest.backward import Forward
from compare.selftest.mistakes.claim import told
from compare.selftest.mistakes.mistake import Change, Mistake, changed, changed_all, has_outputs

_WHOLE = "the gradient"


def _kept_from_before(f: Forward, g: np.ndarray) -> np.ndarray:
    return np.concatenate([g[:1], g[:-1]])


def _in_every_other(change: Change) -> Change:
    """Changes samples 0, 2, 4, ..."""

    def wrong(f: Forward, g: np.ndarray) -> np.ndarray:
        even = (np.arange(len(g)) % 2 == 0).reshape(-1, *(1,) * (g.ndim - 1))
        return np.where(even, change(f, g), g)

    return wrong


def _ramp(f: Forward, g: np.ndarray) -> np.ndarray:
    by = np.arange(1, len(g) + 1, dtype=g.dtype) / len(g)
    return by.reshape(-1, *(1,) * (g.ndim - 1)) * g


def _momentum(f: Forward, g: np.ndarray) -> np.ndarray:
    moved = np.zeros_like(g)
    for i in range(len(g)):
        moved[i] = g[i] + (np.asarray(0.9, g.dtype) * moved[i - 1] if i else 0)
    return moved


def _running_mean(f: Forward, g: np.ndarray) -> np.ndarray:
    count = np.arange(1, len(g) + 1, dtype=g.dtype).reshape(-1, *(1,) * (g.ndim - 1))
    return np.cumsum(g, axis=0) / count


def _mean(f: Forward, g: np.ndarray) -> np.ndarray:
    return np.broadcast_to(g.mean(axis=0), g.shape)


SAMPLES = {
    "added up over samples": Mistake(
        told(_WHOLE, "added up over the samples"),
        steps=changed_all("wb", lambda f, g: np.cumsum(g, axis=0)),
    ),
    "kept from the sample before": Mistake(
        told(_WHOLE, "that of the sample before"), steps=changed_all("wb", _kept_from_before)
    ),
    "samples shifted by one": Mistake(
        told(_WHOLE, "that of the sample before"),
        steps=changed_all("wb", lambda f, g: np.roll(g, 1, axis=0)),
    ),
    "samples shifted back by one": Mistake(
        told(_WHOLE, "that of the sample after"),
        steps=changed_all("wb", lambda f, g: np.roll(g, -1, axis=0)),
    ),
    "a factor that grows with the sample": Mistake(
        told(_WHOLE, "multiplied by a factor of its own in every sample, {of_N} in the first"),
        steps=changed_all("wb", _ramp),
        needs=has_outputs,  # of a single output any wrong delta is such a factor
    ),
    "momentum": Mistake(
        told(
            _WHOLE,
            "what the chain rule gives plus 0.9 times what was returned for the sample before",
        ),
        steps=changed_all("wb", _momentum),
    ),
    # from here on without a name
    "mean over the batch for every sample": Mistake(steps=changed_all("wb", _mean)),
    "mean of db over the batch": Mistake(steps=changed_all("b", _mean)),
    "sum of db1 over the batch": Mistake(
        steps=changed("b", 1, lambda f, db: np.broadcast_to(db.sum(axis=0), db.shape))
    ),
    "a running mean": Mistake(steps=changed_all("wb", _running_mean)),
    "the mean with the sample before": Mistake(
        steps=changed_all("wb", lambda f, g: (g + _kept_from_before(f, g)) / 2)
    ),
    "every other sample negated": Mistake(
        steps=changed_all("wb", _in_every_other(lambda f, g: -g))
    ),
    "dw1 of every other sample doubled": Mistake(
        steps=changed("w", 1, _in_every_other(lambda f, g: 2 * g))
    ),
    "db of every other sample left out": Mistake(
        steps=changed_all("b", _in_every_other(lambda f, g: 0 * g))
    ),
}
