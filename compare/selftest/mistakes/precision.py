"""Passes, or parts of them, in less precision than the run asks for."""

import dataclasses
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from compare.selftest.backward import PLAIN, Forward, Precision
from compare.selftest.mistakes.claim import told
from compare.selftest.mistakes.mistake import Mistake, Need, changed_all, is_deep
from compare.selftest.reduced_precision import ReducedPrecision, keep
from jaxmlp.base import Layer

Keep: TypeAlias = Callable[[np.ndarray], np.ndarray]

_WHOLE = "the gradient"


def _bits(bits: int) -> Keep:
    return lambda values: keep(values, bits, truncate=False)


def _in_float16(values: np.ndarray) -> np.ndarray:
    """Rounds to float16, in which numbers below 6e-5 have fewer digits."""
    return values.astype(np.float16).astype(values.dtype)


def _in_float32(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32).astype(values.dtype)


_BFLOAT16 = _bits(7)
_TF32 = Precision(ReducedPrecision(10, False, False).matmul)
_BFLOAT16_PRODUCTS = Precision(ReducedPrecision(7, False, False).matmul)


def _passes(
    forward: Precision = PLAIN,
    backward: Precision = PLAIN,
    *,
    weights: Keep = np.asarray,
    biases: Keep = np.asarray,
    x: Keep = np.asarray,
    y: Keep = np.asarray,
    layer: int | None = None,
) -> Callable[[Forward], Forward]:
    """Sets what passes compute in, and rounds what they are given, of one layer or of all."""

    def network(f: Forward) -> Forward:
        params = tuple(
            Layer(weights(w), biases(b)) if layer in (None, i) else Layer(w, b)
            for i, (w, b) in enumerate(f.params, 1)
        )
        batch = f.batch._replace(x=x(f.batch.x), y=y(f.batch.y))
        return dataclasses.replace(
            f, params=params, batch=batch, forward_in=forward, backward_in=backward
        )

    return network


def _everything(rounded: Keep) -> Callable[[Forward], Forward]:
    stored = Precision(keep=rounded)
    return _passes(stored, stored, weights=rounded, biases=rounded, x=rounded, y=rounded)


def _is_float32(f: Forward) -> bool:
    return f.batch.x.dtype == np.float32


def _is_float64(f: Forward) -> bool:
    return f.batch.x.dtype == np.float64


def _less(
    words: tuple[str, ...],
    network: Callable[[Forward], Forward] | None = None,
    told_of: Sequence[str] = (),
    *,
    steps: Any = MappingProxyType({}),
    needs: Need = _is_float32,
) -> Mistake:
    """Computes in less precision.

    Args:
      words: one of which has to be said of the gradient.
      network: what it makes of the network.
      told_of: other quantities of which it may be said instead, and in which words.
      steps: what it puts in place of the steps of the backward pass.
      needs: whether it makes a difference in a network.
    """
    place, *other_words = told_of or (_WHOLE,)
    answers = " or ".join(dict.fromkeys((place, _WHOLE)))
    return Mistake(
        told(answers, *words, *other_words),
        network=network,
        steps=steps,
        needs=lambda f: needs(f) and is_deep(f),
    )


def _unnamed(network: Callable[[Forward], Forward] | None = None, steps: Any = None) -> Mistake:
    return Mistake(network=network, steps=steps or {}, needs=is_deep)


def _in_whole_numbers(values: np.ndarray) -> np.ndarray:
    """Rounds to 15 steps on either side of 0."""
    step = max(np.abs(values).max() / 15, np.finfo(values.dtype).tiny)
    return np.asarray(np.rint(values / step) * step, values.dtype)


def _to_two_decimals(values: np.ndarray) -> np.ndarray:
    return np.round(values, 2)


def _small_lost(values: np.ndarray) -> np.ndarray:
    return np.where(np.abs(values) > 0.05 * np.abs(values).max(), values, 0)


def _saturated(values: np.ndarray) -> np.ndarray:
    most = 0.4 * np.abs(values).max()
    return np.clip(values, -most, most)


def _within(*arithmetics: str) -> tuple[str, ...]:
    """Returns what has to be said of a gradient that is rounded like that: one of it."""
    return tuple(
        f"right to within the rounding of {name}, and not to within that of {{dtype}}"
        for name in arithmetics
    )


def _weights(dtype: str, place: str = "h1*, yhat") -> tuple[str, str]:
    return (place, f"computed with {{w}} rounded to {dtype}")


def _both(dtype: str) -> tuple[str, str]:
    return ("h1*, yhat", f"computed with {{w}} rounded to {dtype}, and {{b}} too")


_BF16_PRODUCTS = "float32 with bfloat16 products"
_AS_BFLOAT16 = _within("bfloat16", "bfloat16 with sums in float32", _BF16_PRODUCTS)
_AS_TF32 = _within("float32 with TF32 products")
_AS_FLOAT16 = (*_AS_TF32, *_within("float16 with sums in float32"))  # of as many bits
_AS_FLOAT32 = _within("float32")

PRECISION: MappingProxyType[str, Mistake] = MappingProxyType(
    {
        "everything in bfloat16": _less(_AS_BFLOAT16, _everything(_BFLOAT16)),
        "everything in float16": _less(_AS_FLOAT16, _everything(_in_float16)),
        "forward in bfloat16": _less(_AS_BFLOAT16, _passes(Precision(keep=_BFLOAT16))),
        "forward in float16": _less(_AS_FLOAT16, _passes(Precision(keep=_in_float16))),
        "autocast to bfloat16": _less(
            _AS_BFLOAT16,
            _passes(Precision(keep=_BFLOAT16), weights=_BFLOAT16, biases=_BFLOAT16, x=_BFLOAT16),
        ),
        "backward in bfloat16": _less(_AS_BFLOAT16, _passes(backward=Precision(keep=_BFLOAT16))),
        "backward in float16": _less(_AS_FLOAT16, _passes(backward=Precision(keep=_in_float16))),
        "TF32 products": _less(_AS_TF32, _passes(_TF32, _TF32)),
        "TF32 products in the forward": _less(_AS_TF32, _passes(_TF32)),
        "TF32 products in the backward": _less(_AS_TF32, _passes(backward=_TF32)),
        "bfloat16 products": _less(_AS_BFLOAT16, _passes(_BFLOAT16_PRODUCTS, _BFLOAT16_PRODUCTS)),
        "bfloat16 products in the backward": _less(
            _AS_BFLOAT16, _passes(backward=_BFLOAT16_PRODUCTS)
        ),
        "weights and biases in bfloat16": _less(
            _AS_BFLOAT16, _passes(weights=_BFLOAT16, biases=_BFLOAT16), _both("bfloat16")
        ),
        "weights in bfloat16": _less(
            _AS_BFLOAT16, _passes(weights=_BFLOAT16), _weights("bfloat16")
        ),
        "weights in float16": _less(_AS_FLOAT16, _passes(weights=_in_float16), _weights("float16")),
        "w1 in bfloat16": _less(
            _AS_BFLOAT16, _passes(weights=_BFLOAT16, layer=1), _weights("bfloat16", "h1")
        ),
        "x in bfloat16": _less(_AS_BFLOAT16, _passes(x=_BFLOAT16), ("x", "rounded to bfloat16")),
        "x in float16": _less(_AS_FLOAT16, _passes(x=_in_float16), ("x", "rounded to float16")),
        "x and weights in bfloat16": _less(
            _AS_BFLOAT16,
            _passes(x=_BFLOAT16, weights=_BFLOAT16, biases=_BFLOAT16),
            ("x, h1*, yhat", "rounded to bfloat16", *_both("bfloat16")[1:]),
        ),
        "gradients rounded to bfloat16": _less(
            _AS_BFLOAT16, steps=changed_all("wb", lambda f, g: _BFLOAT16(g))
        ),
        "gradients rounded to float16": _less(
            _AS_FLOAT16, steps=changed_all("wb", lambda f, g: _in_float16(g))
        ),
        "float32 in float64": _less(_AS_FLOAT32, _everything(_in_float32), needs=_is_float64),
        "backward of float32 in float64": _less(
            _AS_FLOAT32, _passes(backward=Precision(keep=_in_float32)), needs=_is_float64
        ),
        "weights of float32 in float64": _less(
            _AS_FLOAT32,
            _passes(weights=_in_float32, biases=_in_float32),
            _both("float32"),
            needs=_is_float64,
        ),
        "x of float32 in float64": _less(
            _AS_FLOAT32, _passes(x=_in_float32), ("x", "rounded to float32"), needs=_is_float64
        ),
        "gradients of float32 in float64": _less(
            _AS_FLOAT32, steps=changed_all("wb", lambda f, g: _in_float32(g)), needs=_is_float64
        ),
        "bfloat16 in float64": _less(_AS_BFLOAT16, _everything(_BFLOAT16), needs=_is_float64),
        # from here on without a name: coarser than anything that programs compute in
        "everything with 3 bits": _unnamed(_everything(_bits(2))),
        "backward with 3 bits": _unnamed(_passes(backward=Precision(keep=_bits(2)))),
        "gradients with 3 bits": _unnamed(steps=changed_all("wb", lambda f, g: _bits(2)(g))),
        "weights in 15 steps": _unnamed(_passes(weights=_in_whole_numbers)),
        "gradients in 15 steps": _unnamed(
            steps=changed_all("wb", lambda f, g: _in_whole_numbers(g))
        ),
        "x in 15 steps": _unnamed(_passes(x=_in_whole_numbers)),
        "weights to two decimals": _unnamed(_passes(weights=_to_two_decimals)),
        "gradients to two decimals": _unnamed(
            steps=changed_all("wb", lambda f, g: _to_two_decimals(g))
        ),
        "small deltas lost": _unnamed(_passes(backward=Precision(keep=_small_lost))),
        "sums of the forward saturated": _unnamed(_passes(Precision(keep=_saturated))),
    }
)
