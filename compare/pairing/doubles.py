"""Weights of a candidate that hold what another one holds already."""

from compare.pairing.names import in_order, role_of
from compare.pairing.search import Search
from compare.pairing.usual import take_usual
from compare.pairing.weight_finding import WeightFinding
from compare.pairing.whole import lay_out, used_by_entries


def pair_doubles(search: Search) -> None:
    """Pairs what is left and is a weight that stands in another place too.

    Programs share weights, and then nothing is wrong. But if a weight of the same shape is used
    nowhere, it belongs in one of the two places.
    """
    for own, theirs in used_by_entries(search).items():
        lay_out(search, own, theirs)
        rivals = _never_loaded(search, theirs)
        owners = [name for name, one in search.assignment.pairs.items() if one == theirs]
        if rivals and owners:
            _tell(search, owners[0], own, theirs, rivals)


def _never_loaded(search: Search, theirs: str) -> list[str]:
    """Returns the unused weights that are as a weight is: its shape, and its role."""
    shape = search.theirs[theirs].shape
    alike = [name for name in search.unused() if search.theirs[name].shape == shape]
    return [name for name in alike if role_of(name) == role_of(theirs)]


def _tell(search: Search, first: str, second: str, theirs: str, rivals: list[str]) -> None:
    """Says that a weight was loaded twice, and puts another where it belongs."""
    links = search.assignment.links
    for owner in (first, second):
        links.add(owner, theirs, -1)
    scores = {
        (wrong, other): links.between(wrong, other)
        for wrong in (first, second)
        for other in rivals
        if links.between(wrong, other) >= links.between(wrong, theirs)
    }
    if not scores:  # both are where this weight belongs, such as two averages of a norm
        for owner in (first, second):
            links.add(owner, theirs)
        return
    best = max(scores.values())
    choices = [both for both, score in scores.items() if score == best]
    wrong, belongs = next(
        (both for both in choices if _is_in_order(search, both, (first, second), theirs)),
        choices[0],
    )
    right = second if wrong == first else first
    search.assignment.pairs[right] = theirs
    links.add(right, theirs)
    worst = take_usual(search, wrong, belongs)
    sentence = (
        f"`{theirs}` of the reference was loaded into both `{first}` and `{second}`, and its "
        f"`{belongs}`, which is of the same shape, nowhere"
    )
    search.findings.append(WeightFinding(wrong, (theirs, belongs), "loaded twice", sentence, worst))


def _is_in_order(
    search: Search, both: tuple[str, str], owners: tuple[str, str], theirs: str
) -> bool:
    """Whether weights are in the order of the reference if one of them is another one."""
    wrong, belongs = both
    own = in_order(owners, list(search.own))
    other = in_order((theirs, belongs), list(search.theirs))
    return (own[0] == wrong) == (other[0] == belongs)
