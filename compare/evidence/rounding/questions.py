"""Matrix products whose right answers are known, and tell how many bits it takes to get them.

A question has one kind of number in as many places as it can. Asked with all bits first, it says
whether any are lost; then, with one more number of bits after the other, which. Round after round
the numbers come to other places.

Shape letters: N samples, K terms of a sum, M sums of one sample.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

_NUMBERS = np.array([1 + (2**k * 2 // 3 // 2 * 2 + 1) % 2**k / 2**k for k in range(53)])


class Shape(NamedTuple):
    """Of one product: [N, K] times [K, M], or outer."""

    n: int
    k: int
    m: int
    outer: bool


class Question(NamedTuple):
    """A product, its right answer, and how many bits it takes to get that."""

    a: np.ndarray
    b: np.ndarray
    expected: np.ndarray
    bits: np.ndarray  # of the shape of the product


class Round(NamedTuple):
    """Which bits are asked for."""

    most: int  # bits that there are
    number: int = 0  # of the round, which the places depend on
    fewer: bool = False  # whether 1, 2, ..., most bits are asked for in turn, and not most alone

    def bits(self, entries: np.ndarray) -> np.ndarray:
        """Returns how many bits the number in each entry has."""
        return 1 + entries % self.most if self.fewer else np.full(entries.shape, self.most)


Ask: TypeAlias = Callable[[Shape, Round], Question]


def shapes_of(layer_sizes: Sequence[int], n: int) -> list[tuple[str, Shape]]:
    """Names the products of forward and backward pass, in the order that data flows."""
    layers = list(enumerate(itertools.pairwise(layer_sizes), start=1))
    forward = [(f"h{i - 1} w{i}", Shape(n, n_in, n_out, False)) for i, (n_in, n_out) in layers]
    backward = []
    for i, (n_in, n_out) in reversed(layers):
        backward.append((f"h{i - 1} delta{i}", Shape(n, n_in, n_out, True)))
        if i > 1:
            backward.append((f"w{i} delta{i}", Shape(n, n_out, n_in, False)))
    return [*forward, *backward]


def left_entries(shape: Shape) -> int:
    """How many numbers go into the left factor at once."""
    return shape.n * shape.k if shape.outer else shape.n


def right_entries(shape: Shape) -> int:
    """How many numbers go into the right factor at once."""
    return (shape.n if shape.outer else min(shape.n, shape.k)) * shape.m


def left_factor(shape: Shape, asked: Round) -> Question:
    """Puts numbers into the left factor: one for each sum, in any place."""
    n, k, m = shape.n, shape.k, shape.m
    entries = asked.number * left_entries(shape) + np.arange(left_entries(shape))
    bits = asked.bits(entries)
    if shape.outer:
        a = _number(bits).reshape(n, k, 1)
        expected = np.broadcast_to(a, (n, k, m))
        return Question(a, np.ones((n, 1, m)), expected, _like(expected, bits.reshape(n, k, 1)))
    a = np.zeros((n, k))
    a[np.arange(n), entries // asked.most % k] = _number(bits)
    expected = np.broadcast_to(_number(bits)[:, None], (n, m))
    return Question(a, np.ones((k, m)), expected, _like(expected, bits[:, None]))


def right_factor(shape: Shape, asked: Round) -> Question:
    """Puts numbers into the right factor; each row of the left one picks a row of it."""
    n, k, m = shape.n, shape.k, shape.m
    first = asked.number * right_entries(shape)
    if shape.outer:
        bits = asked.bits(first + np.arange(n * m))
        row = _number(bits).reshape(n, 1, m)
        expected = np.broadcast_to(row, (n, k, m))
        return Question(np.ones((n, k, 1)), row, expected, _like(expected, bits.reshape(n, 1, m)))
    bits = asked.bits(first + np.arange(k * m))
    b, picked = _number(bits).reshape(k, m), np.arange(n) % k
    a = np.zeros((n, k))
    a[np.arange(n), picked] = 1
    return Question(a, b, b[picked], bits.reshape(k, m)[picked])


def sum_of_three(shape: Shape, asked: Round) -> Question:
    """Adds 1.5 + 2^-t - 1.5, in three places drawn for each sum; asks nothing if there are none."""
    n, k, m = shape.n, shape.k, shape.m
    if shape.outer or k < 3:
        nothing = left_factor(shape, Round(most=1))
        return nothing._replace(bits=np.zeros_like(nothing.bits))
    entries = asked.number * n + np.arange(n)
    bits = asked.bits(entries)
    places = np.random.default_rng(asked.number).random((n, k)).argsort(axis=1)[:, :3]
    a = np.zeros((n, k))
    terms = np.stack([np.full(n, 1.5), 2.0**-bits, np.full(n, -1.5)], axis=1)
    np.put_along_axis(a, places, terms, axis=1)
    expected = np.broadcast_to(2.0 ** -bits[:, None], (n, m))
    return Question(a, np.ones((k, m)), expected, _like(expected, bits[:, None]))


def _number(bits: np.ndarray) -> np.ndarray:
    """1.1, 1.11, 1.101, 1.1011, 1.10101, ...: so many fraction bits, the last one set."""
    return _NUMBERS[bits]


def _like(expected: np.ndarray, bits: np.ndarray) -> np.ndarray:
    return np.broadcast_to(bits, expected.shape)
