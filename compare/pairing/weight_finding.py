"""What is wrong with a weight of a candidate, or may be."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class WeightFinding:
    """One sentence on a weight.

    Attributes:
      own: name of the weight of the candidate.
      theirs: names of the weights of the reference that it is about.
      kind: 'not loaded', 'loaded from another', 'rounded', ... as `sentence` explains.
      sentence: what is so, with all names in backquotes.
      worst: the largest difference of an entry from what belongs there; None where there is none.
    """

    own: str
    theirs: tuple[str, ...]
    kind: str
    sentence: str
    worst: float | None = None
