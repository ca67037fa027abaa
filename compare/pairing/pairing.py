"""Which weights of a reference stand in which weights of a candidate."""

import dataclasses
from collections.abc import Mapping

from compare.pairing.arrangement import Arrangement
from compare.pairing.weight_finding import WeightFinding


@dataclasses.dataclass(frozen=True)
class Tie:
    """Weights, or entries of one, that are equal, so that only their order told which is which.

    Attributes:
      own: names of the candidate, as they were paired with those of
      theirs: names of the reference, in the same order.
    """

    own: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Pairing:
    """The weights of a candidate, each made of those of the reference.

    Attributes:
      arrangements: own name -> how it is made.
      layouts: own name -> the same in words, such as 'transposed'; '' for an array as it is.
      kept: own names with no counterpart, which are used as they are. Counts, which are one
        integer, are neither here nor in
      unused: names of the reference that nothing is made of.
      findings: what is certainly wrong.
      remarks: what is unusual, and is right in some programs: running it tells.
      ties: what was told apart by its order alone.
    """

    arrangements: Mapping[str, Arrangement]
    layouts: Mapping[str, str]
    kept: tuple[str, ...]
    unused: tuple[str, ...]
    findings: tuple[WeightFinding, ...] = ()
    remarks: tuple[WeightFinding, ...] = ()
    ties: tuple[Tie, ...] = ()
