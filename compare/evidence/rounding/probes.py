"""How a library multiplies, found out by products whose right answers are known.

A factor 1 + m / 2^k whose last bit is set comes through a product with 1 only if k fraction bits
of it are used: 23 in float32, 10 in TF32, 7 in bfloat16, about 16 where a factor is split into two
bfloat16 numbers. Of the sum 1.5 + 2^-t - 1.5, its terms in any places among zeros, 2^-t is left
only if t fraction bits are kept between. The products have the shapes of the network's, since
libraries choose their kernels by shape. And half of the smallest normal number, taken and made,
tells whether subnormal numbers are flushed to zero.

Shape letters: N samples, K terms of a sum, M sums of one sample.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import ml_dtypes
import numpy as np

from compare.evidence.rounding.arithmetic import Arithmetic, fraction_bits

Factors: TypeAlias = list[tuple[np.ndarray, np.ndarray]]
# Vectors, entry by entry; a [N, K] and the same b [K, M] for all; or a [N, K, 1] and b [N, 1, M].
Multiply: TypeAlias = Callable[[Factors], list[np.ndarray]]

_FORMATS = {10: "TF32", 7: "bfloat16"}  # fraction bits of factors -> what people call them
_WIDE_SUMS = 23  # fraction bits of float32, in which low precision is usually added up
_NUMBERS = np.array([1 + (2**k * 2 // 3 // 2 * 2 + 1) % 2**k / 2**k for k in range(53)])
_PLACES = 8  # at least, that a sum of so many bits is tried in


class Product(NamedTuple):
    """One kind of matrix product of a network."""

    name: str  # 'h1 w2', 'w2 delta2' or 'h1 delta2'
    shape: tuple[int, int, int]  # (N, K, M); of an outer product [N, K, M] itself
    operand_bits: int  # fraction bits of both factors that count
    sum_bits: int | None  # fraction bits of sums; None for fewer than three terms


class Probed(NamedTuple):
    """How a library computes in one dtype."""

    dtype: np.dtype
    products: tuple[Product, ...]
    keeps_subnormal_inputs: bool
    keeps_subnormal_results: bool

    @property
    def dtype_bits(self) -> int:
        """Fraction bits that there are."""
        return fraction_bits(self.dtype)

    @property
    def operand_bits(self) -> int:
        """Fraction bits of factors that count in all products."""
        return min(one.operand_bits for one in self.products)

    @property
    def reduced(self) -> str | None:
        """In what matrices are multiplied, if factors lose bits: 'TF32 (10 of 23 bits)'."""
        used, whole = self.operand_bits, self.dtype_bits
        if used >= whole:
            return None
        known = _FORMATS.get(used)
        return f"{known} ({used} of {whole} bits)" if known else f"{used} of {whole} bits"

    @property
    def sum_bits(self) -> int | None:
        """Fraction bits that all sums keep; None where no sum is long enough to tell."""
        known = (one.sum_bits for one in self.products if one.sum_bits is not None)
        return min(known, default=None)

    @property
    def arithmetic(self) -> Arithmetic:
        """What bounds have to know of it."""
        sums = self.dtype_bits if self.sum_bits is None else self.sum_bits
        return Arithmetic(self.dtype, self.operand_bits, sums)


class _Shape(NamedTuple):
    """Of one product: [N, K] times [K, M], or outer."""

    n: int
    k: int
    m: int
    outer: bool


class _Question(NamedTuple):
    """A product, its right answer, and how many bits it takes to get that."""

    a: np.ndarray
    b: np.ndarray
    expected: np.ndarray
    bits: np.ndarray  # of the shape of the product


Build: TypeAlias = Callable[[_Shape, int, int, bool], _Question]


def probe(
    multiply: Multiply, layer_sizes: Sequence[int], dtype: np.dtype, *, samples: int
) -> Probed:
    """Asks a library how it computes the products of a network.

    Args:
      multiply: the library.
      layer_sizes: (d, n_1, ..., k).
      dtype: of factors and products.
      samples: N, how many it computes at once.
    """
    named = _shapes(layer_sizes, samples)
    shapes = list(dict.fromkeys(shape for _, shape in named))
    bits = fraction_bits(dtype)
    wide = max(bits, _WIDE_SUMS)
    subnormal = _subnormal(dtype)
    kept = []

    def lost(build: Build, most: int, number: int, *, fewer: bool) -> np.ndarray:
        """Which bits did not come through, [products, most + 1] bool."""
        found = np.zeros((len(shapes), most + 1), bool)
        asked = [build(shape, most, number, fewer) for shape in shapes]
        factors = [(one.a.astype(dtype), one.b.astype(dtype)) for one in asked]
        *products, last = multiply([*factors, subnormal])
        kept.append(_same_bits(last, subnormal[0][::-1]))
        for row, one, product in zip(found, asked, products, strict=True):
            row[one.bits[product.astype(np.float64) != one.expected]] = True
        return found

    def ask(build: Build, most: int, rounds: int) -> list[int]:
        """How many bits came through; what keeps all of them keeps fewer too."""
        found = lost(build, most, 0, fewer=False)
        if found.any():
            found = found | np.any(
                [lost(build, most, number, fewer=True) for number in range(rounds)], axis=0
            )
        return [int(np.argmax(row)) - 1 if row.any() else most for row in found]

    left = ask(_left, bits, max(-(-bits // _left_entries(shape)) for shape in shapes))
    right = ask(_right, bits, max(-(-bits // _right_entries(shape)) for shape in shapes))
    sums = ask(_sum, wide, -(-wide * _PLACES // samples))
    found = {
        shape: (shape[:3], min(a, b), None if shape.outer or shape.k < 3 else t)
        for shape, a, b, t in zip(shapes, left, right, sums, strict=True)
    }
    inputs, results = np.all(kept, axis=0).tolist()
    products = tuple(Product(name, *found[shape]) for name, shape in named)
    return Probed(dtype, products, inputs, results)


def _shapes(layer_sizes: Sequence[int], n: int) -> list[tuple[str, _Shape]]:
    """Names the products of forward and backward pass, in the order that data flows."""
    layers = list(enumerate(itertools.pairwise(layer_sizes), start=1))
    forward = [(f"h{i - 1} w{i}", _Shape(n, n_in, n_out, False)) for i, (n_in, n_out) in layers]
    backward = []
    for i, (n_in, n_out) in reversed(layers):
        backward.append((f"h{i - 1} delta{i}", _Shape(n, n_in, n_out, True)))
        if i > 1:
            backward.append((f"w{i} delta{i}", _Shape(n, n_out, n_in, False)))
    return [*forward, *backward]


def _subnormal(dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Factors of the smallest normal number and its half, in either order.

    The half is made of bits: this thread may flush to zero too, and then 2^-1023 is 0 to it.
    """
    normal = np.array([ml_dtypes.finfo(dtype).smallest_normal], dtype)
    half = (normal.view(f"u{dtype.itemsize}") >> 1).view(dtype)
    return np.concatenate([half, normal]), np.array([2, 0.5], dtype)


def _same_bits(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.equal(*(np.ascontiguousarray(one).view(f"u{one.itemsize}") for one in (a, b)))


def _number(bits: np.ndarray) -> np.ndarray:
    """1.1, 1.11, 1.101, 1.1011, 1.10101, ...: so many fraction bits, the last one set."""
    return _NUMBERS[bits]


def _left_entries(shape: _Shape) -> int:
    return shape.n * shape.k if shape.outer else shape.n


def _right_entries(shape: _Shape) -> int:
    return (shape.n if shape.outer else min(shape.n, shape.k)) * shape.m


def _left(shape: _Shape, most: int, number: int, fewer: bool) -> _Question:
    """Puts numbers into the left factor: one for each sum, in any place."""
    n, k, m = shape.n, shape.k, shape.m
    entries = number * _left_entries(shape) + np.arange(_left_entries(shape))
    bits = _bits(entries, most, fewer)
    if shape.outer:
        a = _number(bits).reshape(n, k, 1)
        expected = np.broadcast_to(a, (n, k, m))
        return _Question(a, np.ones((n, 1, m)), expected, _like(expected, bits.reshape(n, k, 1)))
    a = np.zeros((n, k))
    a[np.arange(n), entries // most % k] = _number(bits)
    expected = np.broadcast_to(_number(bits)[:, None], (n, m))
    return _Question(a, np.ones((k, m)), expected, _like(expected, bits[:, None]))


def _right(shape: _Shape, most: int, number: int, fewer: bool) -> _Question:
    """Puts numbers into the right factor; each row of the left one picks a row of it."""
    n, k, m = shape.n, shape.k, shape.m
    first = number * _right_entries(shape)
    if shape.outer:
        bits = _bits(first + np.arange(n * m), most, fewer)
        row = _number(bits).reshape(n, 1, m)
        expected = np.broadcast_to(row, (n, k, m))
        return _Question(np.ones((n, k, 1)), row, expected, _like(expected, bits.reshape(n, 1, m)))
    bits = _bits(first + np.arange(k * m), most, fewer)
    b, picked = _number(bits).reshape(k, m), np.arange(n) % k
    a = np.zeros((n, k))
    a[np.arange(n), picked] = 1
    return _Question(a, b, b[picked], bits.reshape(k, m)[picked])


def _sum(shape: _Shape, most: int, number: int, fewer: bool) -> _Question:
    """Adds 1.5 + 2^-t - 1.5, in three places drawn for each sum; asks nothing if there are none."""
    n, k, m = shape.n, shape.k, shape.m
    if shape.outer or k < 3:
        nothing = _left(shape, 1, 0, True)
        return nothing._replace(bits=np.zeros_like(nothing.bits))
    entries = number * n + np.arange(n)
    bits = _bits(entries, most, fewer)
    places = np.random.default_rng(number).random((n, k)).argsort(axis=1)[:, :3]
    a = np.zeros((n, k))
    terms = np.stack([np.full(n, 1.5), 2.0**-bits, np.full(n, -1.5)], axis=1)
    np.put_along_axis(a, places, terms, axis=1)
    expected = np.broadcast_to(2.0 ** -bits[:, None], (n, m))
    return _Question(a, np.ones((k, m)), expected, _like(expected, bits[:, None]))


def _bits(entries: np.ndarray, most: int, fewer: bool) -> np.ndarray:
    """All of them everywhere, or from 1 to all of them in turn."""
    return 1 + entries % most if fewer else np.full(entries.shape, most)


def _like(expected: np.ndarray, bits: np.ndarray) -> np.ndarray:
    return np.broadcast_to(bits, expected.shape)
