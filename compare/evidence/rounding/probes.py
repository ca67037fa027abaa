"""How a library multiplies, found out by products whose right answers are known.

A factor 1 + m / 2^k whose last bit is set comes through a product with 1 only if k fraction bits
of it are used: 23 in float32, 10 in TF32, 7 in bfloat16, about 16 where a factor is split into two
bfloat16 numbers. Of the sum 1.5 + 2^-t - 1.5, its terms in any places among zeros, 2^-t is left
only if t fraction bits are kept between. The products have the shapes of the network's, since
libraries choose their kernels by shape. And half of the smallest normal number, taken and made,
tells whether subnormal numbers are flushed to zero.

Shape letters: N samples, K terms of a sum, M sums of one sample.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import ml_dtypes
import numpy as np

from compare.evidence.rounding.arithmetic import Arithmetic, fraction_bits
from compare.evidence.rounding.questions import (
    Ask,
    Round,
    left_entries,
    left_factor,
    right_entries,
    right_factor,
    shapes_of,
    sum_of_three,
)

Factors: TypeAlias = list[tuple[np.ndarray, np.ndarray]]
# Vectors, entry by entry; a [N, K] and the same b [K, M] for all; or a [N, K, 1] and b [N, 1, M].
Multiply: TypeAlias = Callable[[Factors], list[np.ndarray]]

_FORMATS = {10: "TF32", 7: "bfloat16"}  # fraction bits of factors -> what people call them
_WIDE_SUMS = 23  # fraction bits of float32, in which low precision is usually added up
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
    named = shapes_of(layer_sizes, samples)
    shapes = list(dict.fromkeys(shape for _, shape in named))
    bits = fraction_bits(dtype)
    wide = max(bits, _WIDE_SUMS)
    subnormal = _subnormal(dtype)
    kept = []

    def lost(ask: Ask, asked: Round) -> np.ndarray:
        """Which bits did not come through, [products, most + 1] bool."""
        found = np.zeros((len(shapes), asked.most + 1), bool)
        questions = [ask(shape, asked) for shape in shapes]
        factors = [(one.a.astype(dtype), one.b.astype(dtype)) for one in questions]
        *products, last = multiply([*factors, subnormal])
        kept.append(_same_bits(last, subnormal[0][::-1]))
        for row, one, product in zip(found, questions, products, strict=True):
            row[one.bits[product.astype(np.float64) != one.expected]] = True
        return found

    def count(ask: Ask, most: int, rounds: int) -> list[int]:
        """How many bits came through; what keeps all of them keeps fewer too."""
        found = lost(ask, Round(most))
        if found.any():
            others = [lost(ask, Round(most, number, fewer=True)) for number in range(rounds)]
            found = found | np.any(others, axis=0)
        return [int(np.argmax(row)) - 1 if row.any() else most for row in found]

    left = count(left_factor, bits, max(-(-bits // left_entries(shape)) for shape in shapes))
    right = count(right_factor, bits, max(-(-bits // right_entries(shape)) for shape in shapes))
    sums = count(sum_of_three, wide, -(-wide * _PLACES // samples))
    found = {
        shape: (shape[:3], min(a, b), None if shape.outer or shape.k < 3 else t)
        for shape, a, b, t in zip(shapes, left, right, sums, strict=True)
    }
    inputs, results = np.all(kept, axis=0).tolist()
    products = tuple(Product(name, *found[shape]) for name, shape in named)
    return Probed(dtype, products, inputs, results)


def _subnormal(dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Factors of the smallest normal number and its half, in either order.

    The half is made of bits: this thread may flush to zero too, and then 2^-1023 is 0 to it.
    """
    normal = np.array([ml_dtypes.finfo(dtype).smallest_normal], dtype)
    half = (normal.view(f"u{dtype.itemsize}") >> 1).view(dtype)
    return np.concatenate([half, normal]), np.array([2, 0.5], dtype)


def _same_bits(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.equal(*(np.ascontiguousarray(one).view(f"u{one.itemsize}") for one in (a, b)))
