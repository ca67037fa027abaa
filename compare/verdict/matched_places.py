"""Where a program begins to be another one, if its places were found by their values."""

from collections.abc import Collection

from compare.matching.intermediates import is_number
from compare.matching.matching import Matching
from compare.problem.recording import Key
from compare.verdict.finding import Finding


def with_places(decided: Finding, matching: Matching, unknown: Collection[Key]) -> Finding:
    """Returns a verdict with the place before its first that is nowhere in the program.

    It has the program's own name of the first one too.

    Args:
      decided: on the program.
      matching: of the places of the reference, in the order of the data.
      unknown: the places before the first one that were not recorded.
    """
    first = decided.first
    if decided.verdict != "disagree" or first is None:
        return decided
    ahead = (("forward", name, "output") for name in matching.missing)
    back = (("backward", name, "cotangent") for name in reversed(matching.unsure))
    lost = next((one for one in (*ahead, *back) if one[:2] in unknown), None)
    said = [decided.sentence]
    if lost is not None:
        said.append(f"the {lost[2]} of `{lost[1]}` is nowhere in it")
    here = matching.matches.get(first.name)
    if here is not None and not is_number(here.name) and here.name != first.name:
        said.append(f"`{first.name}` is `{here.name}` in it")
    return decided._replace(sentence="; ".join(said))
