"""What a comparison of functions has found: plain data, and nothing about how it is shown."""

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from compare.evidence.local.check import Check

if TYPE_CHECKING:
    from compare.results import Report


class WeightPair(NamedTuple):
    """A weight of a program, and what it is made of.

    Attributes:
      name: of the weight.
      sources: names of weights of the reference.
      layout: how it is made of them, such as 'transposed'; '' if it is one as it is.
    """

    name: str
    sources: tuple[str, ...]
    layout: str


class Weights(NamedTuple):
    """The weights of a program beside those of the reference.

    Attributes:
      pairs: those that are made of weights of the reference.
      kept: those that are not, and are used as they are.
      unused: weights of the reference that nothing is made of.
      wrong: what is wrong with them, a sentence each.
    """

    pairs: tuple[WeightPair, ...]
    kept: tuple[str, ...]
    unused: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Standing:
    """One program, and how it stands.

    Attributes:
      name: of the program.
      framework: 'jax', 'torch', 'numpy' or 'stored'.
      device: where it was computed.
      verdict: 'agree', 'disagree' or 'undecided'.
      basis: what that rests on: 'weights', 'certificate', 'float64' or 'nothing'.
      sentence: why.
      first: the first check that fails, in the order of the data; None if none does.
      checks: in the dtype of the comparison.
      ends: of its results, in that dtype, beside what follows exactly from the arguments.
      exact: in float64; () if it was not computed in that.
      places: how many places the reference has, forward and backward.
      recorded: how many of them were recorded.
      warnings: what is unlikely, though possible; a sentence each.
      remarks: what was admitted, and what cannot be seen; a sentence each.
      weights: its own beside those of the reference; None if it takes these.
      reason: what is different in it, a sentence; None if nothing that is tried explains it.
    """

    name: str
    framework: str
    device: str
    verdict: str
    basis: str
    sentence: str
    first: Check | None
    checks: tuple[Check, ...]
    ends: tuple[Check, ...]
    exact: tuple[Check, ...]
    places: int
    recorded: int
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]
    weights: Weights | None = None
    reason: str | None = None


class MovedArray(NamedTuple):
    """A place or a result whose bits are others now.

    Attributes:
      kind: one of KINDS, in the order of the data.
      name: of the place, the output or the argument.
      entries: how many of its entries have moved.
      ulp: how many numbers of its dtype there are between then and now, the most of any entry;
        infinite where it was finite on one side only.
      is_right: whether rounding explains it, then and now; None if that is not known.
    """

    kind: str
    name: str
    entries: int
    ulp: float
    is_right: bool | None


@dataclasses.dataclass(frozen=True)
class FunctionDrift:
    """One program now, beside itself in a baseline.

    Attributes:
      name: of the program.
      compared: how many places and results are in both.
      moved: those of them that are not the same bits, in the order of the data.
      only_then: places and results that are in the baseline alone, as 'forward NAME'.
      only_now: those that are in this run alone.
      then: its verdict then.
      now: its verdict now.
    """

    name: str
    compared: int
    moved: tuple[MovedArray, ...]
    only_then: tuple[str, ...]
    only_now: tuple[str, ...]
    then: str
    now: str


@dataclasses.dataclass(frozen=True)
class FunctionChange:
    """What has changed since a baseline."""

    path: str
    versions: dict[str, tuple[str | None, str | None]]  # package -> then, now; where they differ
    settings: dict[str, tuple[str | None, str | None]]  # what else may change bits, likewise
    drifts: tuple[FunctionDrift, ...]  # of the programs that are in both
    only_then: tuple[str, ...]
    only_now: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class FunctionReport:
    """What was compared, what was found and what follows."""

    verdict: str  # 'agree', 'disagree' or 'undecided'
    headline: str  # one sentence for it
    reason: str  # the same with all remarks
    remarks: tuple[str, ...]  # a sentence each
    warnings: tuple[str, ...]  # unlikely, though possible
    config: dict[str, Any]
    environment: dict[str, Any]
    reference: Standing  # itself in the dtype of the comparison
    candidates: tuple[Standing, ...]
    change: FunctionChange | None = None  # since a baseline
    reproduce: str | None = None  # compares the same again
    network: "Report | None" = None  # sample by sample, where the reference is a chain of layers
