"""What a comparison of functions has found: plain data, and nothing about how it is shown."""

import dataclasses
from typing import Any

from compare.evidence.local.check import Check


@dataclasses.dataclass(frozen=True)
class Standing:
    """One program, and how it stands.

    Attributes:
      name: of the program.
      framework: 'jax', 'torch', 'numpy' or 'stored'.
      device: where it was computed.
      verdict: 'agree', 'disagree' or 'undecided'.
      basis: what that rests on: 'certificate', 'float64' or 'nothing'.
      sentence: why.
      first: the first check that fails, in the order of the data; None if none does.
      checks: in the dtype of the comparison.
      exact: in float64; () if it was not computed in that.
      places: how many places the reference has, forward and backward.
      recorded: how many of them were recorded.
      warnings: what is unlikely, though possible; a sentence each.
      remarks: what was admitted, and what cannot be seen; a sentence each.
    """

    name: str
    framework: str
    device: str
    verdict: str
    basis: str
    sentence: str
    first: Check | None
    checks: tuple[Check, ...]
    exact: tuple[Check, ...]
    places: int
    recorded: int
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]


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
