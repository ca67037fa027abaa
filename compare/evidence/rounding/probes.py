"""How a library multiplies matrices, measured by products whose right answers are known.

  - Factors: 1 + m / 2^k with an odd m, times 1, is right only if k fraction bits of the factor are
    used: 23 in float32, 10 in TF32, 7 in bfloat16, about 16 if a factor is split into two bfloat16
    numbers.
  - Sums: 1.5 + 2^-t - 1.5, with zeros between the terms, is 2^-t only if partial sums keep t
    fraction bits.
  - Subnormal numbers: half of the smallest normal number, as a factor and as a product, tells
    whether they are flushed to zero.

The products have the shapes of the network's, since libraries choose their kernels by shape.

Shape letters: N samples, K terms of a sum, M sums of one sample.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import ml_dtypes
import numpy as np

from compare.evidence.rounding.arithmetic import Arithmetic, fraction_bits
from compare.evidence.rounding.probe_products import (
    BitChoice,
    MakeProbe,
    left_entries,
    left_factor,
    right_entries,
    right_factor,
    shapes_of,
    sum_of_three,
)

Factors: TypeAlias = list[tuple[np.ndarray, np.ndarray]]
# (a, b) -> a b: vectors, entry by entry; [N, K] times [K, M]; or [N, K, 1] times [N, 1, M].
Multiply: TypeAlias = Callable[[Factors], list[np.ndarray]]

_FORMATS = {10: "TF32", 7: "bfloat16"}  # fraction bits of factors -> what people call them
_WIDE_SUMS = 23  # fraction bits of float32, in which low precision is usually added up
_PLACES = 8  # in how many places, at least, each number of bits of a sum is tried


class Product(NamedTuple):
    """One kind of matrix product of a network."""

    name: str  # 'h1 w2', 'w2 delta2' or 'h1 delta2'
    shape: tuple[int, int, int]  # (N, K, M)
    operand_bits: int  # fraction bits of the factors that are used
    sum_bits: int | None  # fraction bits of partial sums; None for fewer than three terms


class ProbeResult(NamedTuple):
    """How a library computes in one dtype."""

    dtype: np.dtype
    products: tuple[Product, ...]
    keeps_subnormal_inputs: bool
    keeps_subnormal_results: bool

    @property
    def dtype_bits(self) -> int:
        """Fraction bits of the dtype."""
        return fraction_bits(self.dtype)

    @property
    def operand_bits(self) -> int:
        """Fraction bits of factors that are used in every product."""
        return min(one.operand_bits for one in self.products)

    @property
    def reduced(self) -> str | None:
        """The format of factors that lose bits, such as 'TF32 (10 of 23 bits)', or None."""
        used, whole = self.operand_bits, self.dtype_bits
        if used >= whole:
            return None
        known = _FORMATS.get(used)
        return f"{known} ({used} of {whole} bits)" if known else f"{used} of {whole} bits"

    @property
    def sum_bits(self) -> int | None:
        """Fraction bits that every sum keeps; None if no sum is long enough to tell."""
        known = (one.sum_bits for one in self.products if one.sum_bits is not None)
        return min(known, default=None)

    @property
    def arithmetic(self) -> Arithmetic:
        """The arithmetic that bounds are computed for."""
        sums = self.dtype_bits if self.sum_bits is None else self.sum_bits
        return Arithmetic(self.dtype, self.operand_bits, sums)


def probe(
    multiply: Multiply, layer_sizes: Sequence[int], dtype: np.dtype, *, samples: int
) -> ProbeResult:
    """Measures how a library computes the products of a network.

    Args:
      multiply: multiplies pairs of factors with the library.
      layer_sizes: (d, n_1, ..., k).
      dtype: of factors and products.
      samples: N, how many it computes at once.
    """
    named = shapes_of(layer_sizes, samples)
    shapes = list(dict.fromkeys(shape for _, shape in named))
    bits = fraction_bits(dtype)
    wide = max(bits, _WIDE_SUMS)
    subnormal = _subnormal(dtype)
    kept = []  # whether subnormal numbers came through, at every call

    def lost(make: MakeProbe, choice: BitChoice) -> np.ndarray:
        """Returns which numbers of bits gave a wrong product, [products, most + 1] bool."""
        found = np.zeros((len(shapes), choice.most + 1), bool)
        probes = [make(shape, choice) for shape in shapes]
        factors = [(one.a.astype(dtype), one.b.astype(dtype)) for one in probes]
        *products, last = multiply([*factors, subnormal])
        kept.append(_same_bits(last, subnormal[0][::-1]))
        for row, one, product in zip(found, probes, products, strict=True):
            wrong = product.astype(np.float64) != one.expected
            if wrong.any():
                row[one.bits[wrong]] = True
        return found

    def count(make: MakeProbe, most: int, rounds: int) -> list[int]:
        """Returns how many bits each product keeps; if all of them, fewer are not tried."""
        found = lost(make, BitChoice(most))
        if found.any():
            others = [lost(make, BitChoice(most, number, fewer=True)) for number in range(rounds)]
            found = found | np.any(others, axis=0)
        return [int(np.argmax(row)) - 1 if row.any() else most for row in found]

    # The bits of either factor, and of partial sums, product by product.
    left = count(left_factor, bits, max(-(-bits // left_entries(shape)) for shape in shapes))
    right = count(right_factor, bits, max(-(-bits // right_entries(shape)) for shape in shapes))
    sums = count(sum_of_three, wide, -(-wide * _PLACES // samples))
    found = {
        shape: (shape[:3], min(a, b), None if shape.outer or shape.k < 3 else t)
        for shape, a, b, t in zip(shapes, left, right, sums, strict=True)
    }
    inputs, results = np.all(kept, axis=0).tolist()
    products = tuple(Product(name, *found[shape]) for name, shape in named)
    return ProbeResult(dtype, products, inputs, results)


def _subnormal(dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Returns factors whose products are the smallest normal number and its half.

    The half is made from bits, since this thread may flush subnormal numbers to zero itself.
    """
    normal = np.array([ml_dtypes.finfo(dtype).smallest_normal], dtype)
    half = (normal.view(f"u{dtype.itemsize}") >> 1).view(dtype)
    return np.concatenate([half, normal]), np.array([2, 0.5], dtype)


def _same_bits(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.equal(*(np.ascontiguousarray(one).view(f"u{one.itemsize}") for one in (a, b)))
