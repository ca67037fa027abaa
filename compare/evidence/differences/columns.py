"""All numbers of an answer as columns that JAX can read, and what a screen says of two of them."""

import functools
from typing import NamedTuple

import numpy as np

from compare.evidence.differences import screen
from compare.evidence.differences.jax_settings import evidence_settings
from compare.evidence.differences.screened_rules import COUNTED
from compare.problem.answer_matrix import matrix_of, row_ranges
from compare.problem.answers import Answer

_WIDTH = 2 * screen.WIDTH  # of sums of counts
_GROUPS_AT_ONCE = (2**_WIDTH - 1) // screen.GROUP  # whose counts fit into _WIDTH bits
_EVERY_OTHER = sum((2**screen.WIDTH - 1) << i for i in range(0, screen.OPEN, _WIDTH))
_OPEN = np.array([1 << (screen.OPEN + i) for i in range(screen.GROUP)], np.uint32)


class Columns(NamedTuple):
    """The matrix of one answer; samples are columns."""

    numbers: np.ndarray  # [E, n], with zeros after the N samples
    n: int  # how many samples there are, N
    rows: dict[str, range]  # of w1, b1, ..., and of prediction and loss if there are any
    parameters: int  # how many rows the parameters have, which come first

    def is_like(self, other: "Columns") -> bool:
        """Whether both have one dtype and the same rows."""
        return self.numbers.dtype == other.numbers.dtype and self.rows == other.rows


def columns_of(answer: Answer, padded: int) -> Columns | None:
    """Returns the columns of an answer, or None if `screen` cannot read them.

    Args:
      answer: [N, ...].
      padded: how many columns the matrix is to have, at least N.
    """
    numbers = matrix_of(answer)
    if answer.printed is not None or numbers is None or numbers.dtype.name not in screen.DTYPES:
        return None
    n = numbers.shape[1]
    if n < padded:
        numbers = np.pad(numbers, ((0, 0), (0, padded - n)))
    rows = row_ranges(answer)
    return Columns(numbers, n, rows, max(its.stop for k, its in rows.items() if is_parameter(k)))


def is_parameter(name: str) -> bool:
    """Whether a quantity is a gradient, and not a prediction or a loss."""
    return name not in ("prediction", "loss")


class Screened(NamedTuple):
    """What the screen of a pair says of N samples."""

    distances: np.ndarray  # [N] the largest distance in ulp, of parameters
    is_farther: np.ndarray  # [N] bool, whether it may be larger
    is_higher: np.ndarray  # [N] bool, whether an entry may exceed a limit
    higher_rows: np.ndarray  # which rows have such entries, maybe some more
    is_unusual: np.ndarray  # [N] bool, whether an entry is tiny or not finite
    signed_zeros: np.ndarray  # [N] how many pairs of zeros have opposite signs
    counts: dict[str, np.ndarray]  # [N] how many entries break a rule, for some rules
    open_entries: tuple[np.ndarray, np.ndarray]  # rows and samples of what `counts` leaves out


def screen_columns(a: Columns, b: Columns, limits: np.ndarray) -> Screened:
    """Screens two answers that are alike; `limits` are those of `screen.screen`."""
    with evidence_settings():
        found = screen.screen(a.numbers, b.numbers, limits, parameters=a.parameters)
    cells, rules = (np.asarray(one)[:, : a.n] for one in found)
    seen, marks = (np.bitwise_or.reduce(one, axis=0) for one in (cells, rules))
    distances = np.maximum.reduce(cells, axis=0) >> screen.SHIFT
    is_higher = ((marks >> screen.HIGHER) | (seen & screen.BEATEN)) != 0
    return Screened(
        distances,
        distances == np.iinfo(distances.dtype).max >> screen.SHIFT,
        is_higher,
        _higher_rows(
            is_higher, len(a.numbers), (cells, screen.BEATEN), (rules, 1 << screen.HIGHER)
        ),
        (seen & screen.UNUSUAL) != 0,
        _signed_zeros(cells, seen),
        _counts(rules),
        _open_entries(rules, marks, len(a.numbers)),
    )


def screen_same(a: Columns, limits: np.ndarray) -> Screened:
    """Screens an answer and itself; of the `limits` only the magnitude matters."""
    with evidence_settings():
        found = screen.screen_same(a.numbers, screen.Limits(*limits).magnitude)
    cells = np.asarray(found)[:, : a.n]
    seen = np.bitwise_or.reduce(cells, axis=0)
    is_higher = (seen & screen.BEATEN) != 0
    none, nowhere = np.zeros(a.n, np.uint32), np.zeros(0, np.int64)
    return Screened(
        none,
        none.astype(bool),
        is_higher,
        _higher_rows(is_higher, len(a.numbers), (cells, screen.BEATEN)),
        (seen & screen.UNUSUAL) != 0,
        none,
        {},
        (nowhere, nowhere),
    )


def without_unusual(screened: Screened) -> Screened:
    """Returns the same with nothing counted and nothing open in unusual samples."""
    usual = ~screened.is_unusual
    if usual.all():
        return screened
    rows, samples = screened.open_entries
    return screened._replace(
        signed_zeros=screened.signed_zeros * usual,
        counts={rule: count * usual for rule, count in screened.counts.items()},
        open_entries=(rows[usual[samples]], samples[usual[samples]]),
    )


def _higher_rows(samples: np.ndarray, e: int, *cells: tuple[np.ndarray, int]) -> np.ndarray:
    """Returns the rows in which a limit is exceeded, and maybe others of the same groups.

    Args:
      samples: [N] bool, in which a limit is exceeded.
      e: how many rows there are.
      *cells: [R, N], and the bit that says that a limit is exceeded.
    """
    at = np.flatnonzero(samples)
    if not len(at):
        return at
    marks = (one[:, at] & mark for one, mark in cells)
    here = functools.reduce(np.logical_or, (mark.any(axis=1) for mark in marks))
    return np.add.outer(screen.first_rows(e), np.flatnonzero(here)).ravel()


def _signed_zeros(cells: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Returns how many there are in every sample; cells are [R, N]."""
    most = 2 ** (screen.SHIFT - screen.SIGNED_ZERO) - 1
    if not (seen & most << screen.SIGNED_ZERO).any():
        return np.zeros(len(seen), np.uint32)
    return np.asarray(((cells >> screen.SIGNED_ZERO) & most).sum(axis=0, dtype=cells.dtype))


def _counts(rules: np.ndarray) -> dict[str, np.ndarray]:
    """Adds up the counts of all groups, [R, N]."""
    sums = []  # of every other count, then of those between
    whole = len(rules) // _GROUPS_AT_ONCE * _GROUPS_AT_ONCE
    for shift in (0, screen.WIDTH):
        counts = (rules >> shift) & np.uint32(_EVERY_OTHER)
        some = counts[:whole].reshape(-1, _GROUPS_AT_ONCE, rules.shape[1])
        more = counts[whole:].sum(axis=0, dtype=rules.dtype)
        sums.append(np.vstack([some.sum(axis=1, dtype=rules.dtype), more]))
    mask = 2**_WIDTH - 1
    return {
        name: ((sums[i % 2] >> i // 2 * _WIDTH) & mask).sum(axis=0, dtype=rules.dtype)
        for i, name in enumerate(COUNTED)
    }


def _open_entries(rules: np.ndarray, marks: np.ndarray, e: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns rows and samples of the entries that are not in the counts."""
    any_open = np.bitwise_or.reduce(_OPEN)
    samples = np.flatnonzero((marks & any_open) != 0)
    some = rules[:, samples]
    row, at = np.nonzero((some & any_open) != 0)
    cell, group = np.nonzero((some[row, at, None] & _OPEN) != 0)
    return screen.first_rows(e)[group] + row[cell], samples[at[cell]]
