"""Matrix products whose right answers are known, and how many bits it takes to get them.

Each product holds as many test numbers as fit into it. A number with all bits tells whether any are
lost; numbers with 1, 2, 3, ... bits tell which. From round to round the numbers move to other
places, since a library may treat places differently.

Shape letters: N samples, K terms of a sum, M sums of one sample.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

_NUMBERS = np.array([1 + (2**k * 2 // 3 // 2 * 2 + 1) % 2**k / 2**k for k in range(53)])


class Shape(NamedTuple):
    """The shape of a product: [N, K] times [K, M], or, if outer, [N, K, 1] times [N, 1, M]."""

    n: int
    k: int
    m: int
    outer: bool


class ProbeProduct(NamedTuple):
    """Two factors, their exact product, and how many bits it takes to compute that."""

    a: np.ndarray
    b: np.ndarray
    expected: np.ndarray
    bits: np.ndarray  # of the shape of the product


class BitChoice(NamedTuple):
    """How many bits the test numbers have."""

    most: int  # fraction bits of the dtype
    number: int = 0  # of the round; the places depend on it
    fewer: bool = False  # whether they have 1, 2, ..., most bits in turn, rather than all most

    def bits(self, entries: np.ndarray) -> np.ndarray:
        """Returns how many bits the number at each entry has."""
        return 1 + entries % self.most if self.fewer else np.full(entries.shape, self.most)


MakeProbe: TypeAlias = Callable[[Shape, BitChoice], ProbeProduct]


def shapes_of(layer_sizes: Sequence[int], n: int) -> list[tuple[str, Shape]]:
    """Returns the products of the forward and backward pass by name, as they are computed."""
    layers = list(enumerate(itertools.pairwise(layer_sizes), start=1))
    forward = [(f"h{i - 1} w{i}", Shape(n, n_in, n_out, False)) for i, (n_in, n_out) in layers]
    backward = []
    for i, (n_in, n_out) in reversed(layers):
        backward.append((f"h{i - 1} delta{i}", Shape(n, n_in, n_out, True)))
        if i > 1:
            backward.append((f"w{i} delta{i}", Shape(n, n_out, n_in, False)))
    return [*forward, *backward]


def left_entries(shape: Shape) -> int:
    """Returns how many test numbers the left factor holds."""
    return shape.n * shape.k if shape.outer else shape.n


def right_entries(shape: Shape) -> int:
    """Returns how many test numbers the right factor holds."""
    return (shape.n if shape.outer else min(shape.n, shape.k)) * shape.m


def left_factor(shape: Shape, choice: BitChoice) -> ProbeProduct:
    """Returns a product with test numbers in the left factor, one in each sum."""
    n, k, m = shape.n, shape.k, shape.m
    entries = choice.number * left_entries(shape) + np.arange(left_entries(shape))
    bits = choice.bits(entries)
    if shape.outer:
        a = _number(bits).reshape(n, k, 1)
        expected = np.broadcast_to(a, (n, k, m))
        return ProbeProduct(a, np.ones((n, 1, m)), expected, _like(expected, bits.reshape(n, k, 1)))
    a = np.zeros((n, k))
    a[np.arange(n), entries // choice.most % k] = _number(bits)
    expected = np.broadcast_to(_number(bits)[:, None], (n, m))
    return ProbeProduct(a, np.ones((k, m)), expected, _like(expected, bits[:, None]))


def right_factor(shape: Shape, choice: BitChoice) -> ProbeProduct:
    """Returns a product with test numbers in the right factor, of which each sum picks one."""
    n, k, m = shape.n, shape.k, shape.m
    first = choice.number * right_entries(shape)
    if shape.outer:
        bits = choice.bits(first + np.arange(n * m))
        row = _number(bits).reshape(n, 1, m)
        expected = np.broadcast_to(row, (n, k, m))
        return ProbeProduct(
            np.ones((n, k, 1)), row, expected, _like(expected, bits.reshape(n, 1, m))
        )
    bits = choice.bits(first + np.arange(k * m))
    b, picked = _number(bits).reshape(k, m), np.arange(n) % k
    a = np.zeros((n, k))
    a[np.arange(n), picked] = 1
    return ProbeProduct(a, b, b[picked], bits.reshape(k, m)[picked])


def sum_of_three(shape: Shape, choice: BitChoice) -> ProbeProduct:
    """Returns a product whose sums are 1.5 + 2^-t - 1.5, in random places; no test if K < 3."""
    n, k, m = shape.n, shape.k, shape.m
    if shape.outer or k < 3:
        nothing = left_factor(shape, BitChoice(most=1))
        return nothing._replace(bits=np.zeros_like(nothing.bits))
    entries = choice.number * n + np.arange(n)
    bits = choice.bits(entries)
    places = np.random.default_rng(choice.number).random((n, k)).argsort(axis=1)[:, :3]
    a = np.zeros((n, k))
    terms = np.stack([np.full(n, 1.5), 2.0**-bits, np.full(n, -1.5)], axis=1)
    np.put_along_axis(a, places, terms, axis=1)
    expected = np.broadcast_to(2.0 ** -bits[:, None], (n, m))
    return ProbeProduct(a, np.ones((k, m)), expected, _like(expected, bits[:, None]))


def _number(bits: np.ndarray) -> np.ndarray:
    """Returns 1.1, 1.11, 1.101, 1.1011, ... in binary: so many fraction bits, the last one set."""
    return _NUMBERS[bits]


def _like(expected: np.ndarray, bits: np.ndarray) -> np.ndarray:
    return np.broadcast_to(bits, expected.shape)
