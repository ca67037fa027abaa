"""Modules that stand in another order than their names have."""

from collections import defaultdict

from compare.pairing.names import in_order, module_of, role_of, without_numbers
from compare.pairing.search import Search
from compare.pairing.weight_finding import WeightFinding


def tell_order(search: Search) -> None:
    """Remarks on modules of one name and shape whose weights are in the order of other numbers.

    They may be used in that order too, which running the program tells.
    """
    alike = defaultdict(list)
    for own, theirs in search.assignment.pairs.items():
        if role_of(own) == "weight" and not search.is_constant(own):
            stems = without_numbers(own), without_numbers(theirs)
            alike[stems, search.own[own].shape].append((own, theirs))
    for pairs in alike.values():
        ordered = dict(pairs)
        mine = in_order(ordered, list(search.own))
        others = in_order(set(ordered.values()), list(search.theirs))
        if len(others) == len(mine) and [ordered[own] for own in mine] != others:
            _tell(search, mine, ordered, others)


def _tell(search: Search, mine: list[str], pairs: dict[str, str], theirs: list[str]) -> None:
    own, other = next(
        (own, pairs[own]) for own, other in zip(mine, theirs, strict=True) if pairs[own] != other
    )
    sentence = (
        f"`{module_of(own) or own}` holds `{module_of(other) or other}`: modules of its name hold "
        "those of the reference in another order than that of their numbers"
    )
    search.remarks.append(WeightFinding(own, (other,), "another order", sentence))
