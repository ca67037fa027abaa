"""Where a program begins to be another one, if its places were found by their values."""

from compare.matching.intermediates import is_number
from compare.matching.matching import Matching
from compare.verdict.finding import Finding

_AHEAD = ("forward", "output", "statistic")


def with_places(decided: Finding, matching: Matching) -> Finding:
    """Returns a verdict with the first place that is nowhere in the program, and its own name.

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
    said = [decided.sentence]
    if lost is not None and lost != first.name:
        said.append(f"the {kind} of `{lost}` is nowhere in it")
    here = matching.matches.get(first.name)
    if here is not None and not is_number(here.name) and here.name != first.name:
        said.append(f"`{first.name}` is `{here.name}` in it")
    return decided._replace(sentence="; ".join(said))
