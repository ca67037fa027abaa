"""Other samples: x or y is not what it should be."""

import dataclasses
from collections.abc import Callable

import numpy as np

from compare.selftest.backward import Forward
from compare.selftest.mistakes.claim import told
from compare.selftest.mistakes.mistake import Mistake, Need, both

Change = Callable[[np.ndarray], np.ndarray]


def _with(x: Change | None = None, y: Change | None = None) -> Callable[[Forward], Forward]:
    """Changes x [N, d], y [N, k] or both."""

    def network(f: Forward) -> Forward:
        batch = f.batch
        if x is not None:
            batch = batch._replace(x=np.asarray(x(batch.x), batch.x.dtype))
        if y is not None:
            batch = batch._replace(y=np.asarray(y(batch.y), batch.y.dtype))
        return dataclasses.replace(f, batch=batch)

    return network


def _x(quantities: str, change: Change, *words: str, needs: Need = lambda f: True) -> Mistake:
    return Mistake(told(quantities, *words), network=_with(x=change), needs=needs)


def _scaled(change: Change, said: str) -> Mistake:
    """Scales x, which a first layer without a bias does not tell from w1 and delta1."""
    return _x("x", change, said, needs=lambda f: f.has_bias(1))


def _unnamed_x(change: Change, needs: Need = lambda f: True) -> Mistake:
    return Mistake(network=_with(x=change), needs=needs)


def _before(v: np.ndarray) -> np.ndarray:
    return np.roll(v, 1, axis=0)


def _standardised(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / x.std(axis=0)


def _masked(x: np.ndarray) -> np.ndarray:
    return x * (np.random.default_rng(10).random(x.shape) < 0.7)


def _noisy(x: np.ndarray) -> np.ndarray:
    return x + 0.1 * np.random.default_rng(11).standard_normal(x.shape)


def _of_norm_1(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt(np.square(x).sum(axis=1, keepdims=True))


def _first_feature_zero(x: np.ndarray) -> np.ndarray:
    return np.concatenate([0 * x[:, :1], x[:, 1:]], axis=1)


def _pooled(x: np.ndarray) -> np.ndarray:
    """Takes the larger of every feature and the next."""
    return np.maximum(x, np.roll(x, -1, axis=1))


def _jittered(x: np.ndarray) -> np.ndarray:
    """Multiplies every sample by a factor of its own."""
    return x * np.random.default_rng(12).uniform(0.5, 1.5, (len(x), 1))


def _has_features(f: Forward) -> bool:
    return f.sizes[0] > 1


def _has_three_features(f: Forward) -> bool:
    return f.sizes[0] > 2


_STANDARDISED = "that of the sample with every feature scaled and shifted, as by a standardisation"

INPUT = {
    "x twice": _scaled(lambda x: 2 * x, "2 times that of the sample"),
    "x 0.1 times": _scaled(lambda x: x * x.dtype.type(0.1), "0.1 times that of the sample"),
    "x negated": _scaled(np.negative, "-1 times that of the sample"),
    "x divided by 255": _scaled(lambda x: x / 255, "0.003922 times that of the sample"),
    "x shifted by 1": _x("x", lambda x: x + 1, "x + 1, with x of the sample"),
    "x shifted by -0.5": _x("x", lambda x: x - x.dtype.type(0.5), "x - 0.5, with x of the sample"),
    "x from -1 to 1": _x("x", lambda x: 2 * x - 1, "2 x - 1, with x of the sample"),
    "x standardised": _x("x", _standardised, _STANDARDISED),
    "features reversed": _x(
        "x",
        lambda x: x[:, ::-1],
        "that of the sample with its features in the other order",
        needs=_has_features,
    ),
    "two features swapped": _x(
        "x",
        lambda x: np.concatenate([x[:, 1::-1], x[:, 2:]], axis=1),
        "that of the sample with its features in another order",
        needs=_has_three_features,
    ),
    "x of the sample before": _x("x", _before, "that of the sample before; y is not"),
    "x of the sample after": _x(
        "x", lambda x: np.roll(x, -1, axis=0), "that of the sample after; y is not"
    ),
    "y of the sample before": Mistake(
        told("yhat", "compared with y of the sample before"), network=_with(y=_before)
    ),
    "y of the sample after": Mistake(
        told("yhat", "compared with y of the sample after"),
        network=_with(y=lambda y: np.roll(y, -1, axis=0)),
    ),
    # from here on without a name
    "the squares of x": _unnamed_x(np.square),
    "x masked": _unnamed_x(_masked),
    "noise in x": _unnamed_x(_noisy),
    "x of norm 1": _unnamed_x(_of_norm_1, _has_features),
    "x sorted": _unnamed_x(lambda x: np.sort(x, axis=1), _has_features),
    "x clipped": _unnamed_x(lambda x: np.clip(x, 0.3, 0.7)),
    "log of x": _unnamed_x(np.log1p),
    "the first feature left out": _unnamed_x(_first_feature_zero, _has_features),
    "features pooled": _unnamed_x(_pooled, _has_features),
    "another factor for every sample": _unnamed_x(_jittered),
    "products of two features": _unnamed_x(lambda x: x * np.roll(x, 1, axis=1), _has_features),
    "noise in y": Mistake(network=_with(y=_noisy)),
    "the squares of y": Mistake(network=_with(y=np.square)),
    "y rounded to 0 or 1": Mistake(
        network=_with(y=lambda y: y > 0.3),
        needs=both(lambda f: bool((f.batch.y > 0.3).any() and (f.batch.y < 0.3).any())),
    ),
}
