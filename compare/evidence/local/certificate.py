"""The local certificate of a run: roundoff's bounds from each place to the next.

The reference is evaluated once, in float64 with bounds of rounding errors. At every place that an
implementation has recorded, what it had there is held against the value and its bound, and the
evaluation goes on from what was recorded, which is exact. So every check spans the equations
between one place and the places before it, whatever the depth of the program.
"""

from typing import NamedTuple

import numpy as np

from compare.evidence.local.check import KINDS, Check, Checks, check
from compare.evidence.local.entries import TYPICAL, may_be_zero
from compare.evidence.local.specification import Specification
from compare.evidence.local.ties import Ties
from compare.evidence.local.walk import follow
from compare.evidence.rounding.arithmetic import Arithmetic, fraction_bits, number_range
from compare.evidence.rounding.enclosure import Enclosure
from compare.evidence.rounding.kinds import is_key
from compare.evidence.rounding.places import Calls
from compare.problem.recording import Key, Recording

_SUM_BITS = 23  # of float32, in which libraries add up products of numbers of fewer digits


def certify(
    specification: Specification, recording: Recording, *, admit_ties: bool = False
) -> Checks:
    """Holds all that was recorded against what was recorded before it.

    In low precision products of matrices are taken to be added up in float32, and in the dtype
    itself if that does not hold.

    Args:
      specification: of the problem that was computed.
      recording: of one run, in the dtype that results are rounded to, or that of the problem.
      admit_ties: whether at a tie, or at a kink, all slopes are right.

    Returns:
      One check for each place and result that both have, in the order of the data.
    """
    found: Checks = ()
    for arithmetic in _arithmetics(specification.problem.dtype):
        calls = Ties(specification) if admit_ties else None
        found = _certified(specification, recording, arithmetic, calls)
        if all(one.holds for one in found):
            break
    return found


def _arithmetics(dtype: np.dtype) -> list[Arithmetic | None]:
    if number_range(dtype).u <= number_range(np.dtype(np.float32)).u:
        return [None]
    return [Arithmetic(dtype, fraction_bits(dtype), _SUM_BITS), None]


def _certified(
    specification: Specification,
    recording: Recording,
    arithmetic: Arithmetic | None,
    calls: Calls | None,
) -> Checks:
    checks: list[Check] = []

    def hold(kind: str, name: str, sources: frozenset[str], expected: Enclosure) -> None:
        known = specification.origins.known(sources, recording.places)
        checks.extend(_held(specification, recording, (kind, name), known, expected))

    follow(specification, recording.places, hold, arithmetic=arithmetic, calls=calls)
    return _in_order(checks)


def _held(
    specification: Specification,
    recording: Recording,
    key: Key,
    sources: frozenset[str],
    expected: Enclosure,
) -> list[Check]:
    """Returns the check of a place or a result, if an array of its shape was recorded."""
    found = recording.of(*key)
    if found is None or found.shape != np.shape(expected.value) or is_key(expected.value.dtype):
        return []
    u = number_range(specification.problem.dtype).u
    return [check(*key, tuple(sorted(sources)), found, expected, u)]


def _in_order(checks: list[Check]) -> Checks:
    return tuple(sorted(checks, key=lambda one: KINDS.index(one.kind)))


class Ends(NamedTuple):
    """What a reference computes from end to end, whatever was recorded on the way.

    Attributes:
      results: (kind, name) -> sources and what is expected.
      zeros: (kind, name) of places and results that are 0 -> what an entry may be at most.
    """

    results: dict[Key, tuple[frozenset[str], Enclosure]]
    zeros: dict[Key, float]


def ends_of(specification: Specification) -> Ends:
    """Evaluates a reference by itself."""
    results, zeros = {}, {}

    def hold(kind: str, name: str, sources: frozenset[str], expected: Enclosure) -> None:
        if expected.value.dtype.kind == "f" and may_be_zero(expected.value, expected.error):
            size = np.abs(expected.value) + TYPICAL * expected.error[1]
            zeros[kind, name] = float(size.max(initial=0))
        if kind not in ("forward", "backward"):
            results[kind, name] = sources, expected

    follow(specification, {}, hold)
    return Ends(results, zeros)


def held_at_ends(specification: Specification, ends: Ends, recording: Recording) -> Checks:
    """Holds the results of a run against what the reference computes from end to end."""
    checks: list[Check] = []
    for key, (sources, expected) in ends.results.items():
        known = specification.origins.known(sources, ())
        checks.extend(_held(specification, recording, key, known, expected))
    return _in_order(checks)
