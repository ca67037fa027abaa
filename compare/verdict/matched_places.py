"""Where a program begins to be another one, if its places were found by their values."""

from compare.matching.matching import Matching
from compare.verdict.finding import Finding

_AHEAD = ("forward", "output", "statistic")


def with_places(decided: Finding, matching: Matching) -> Finding:
    """Returns a verdict that names the first place which is nowhere in the program.

    Args:
      decided: on the program.
      matching: of the places of the reference, in the order of the data.
    """
    first = decided.first
    if decided.verdict != "disagree" or first is None:
        return decided
    if first.kind in _AHEAD:
        lost, kind = next(iter(matching.missing), None), "output"
    else:
        lost, kind = next(reversed(matching.unsure), None), "cotangent"
    if lost is None or lost == first.name:
        return decided
    sentence = f"{decided.sentence}; the {kind} of `{lost}` is nowhere in it"
    return decided._replace(sentence=sentence)
