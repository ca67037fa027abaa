"""Weights of the reference of which a part is used nowhere."""

import numpy as np

from compare.numbers import counted
from compare.pairing.arrangement import Axes
from compare.pairing.biases import positions_at
from compare.pairing.search import Search
from compare.pairing.weight_finding import WeightFinding


def tell_unused_parts(search: Search) -> None:
    """Remarks on weights of which some entries are used, and others are not."""
    whole: set[str] = set()
    parts: set[str] = set()
    for arrangement in search.arrangements.values():
        for term in arrangement.terms:
            (whole if isinstance(term, Axes) else parts).update(term.sources)
    told = {name for finding in search.findings for name in finding.theirs}
    for name in sorted(parts - whole - told):
        count = int(np.count_nonzero(~used_entries(search, name)))
        if count:
            own = next(own for own, one in search.arrangements.items() if name in one.sources)
            size = search.theirs[name].size
            entries = counted(size, "entry", "entries")
            sentence = f"{count:,} of {entries} of `{name}` are used nowhere, others in `{own}`"
            search.remarks.append(WeightFinding(own, (name,), "partly unused", sentence))


def used_entries(search: Search, name: str) -> np.ndarray:
    """Returns which entries of a weight of the reference something is made of, flat."""
    used = np.zeros(search.theirs[name].size, bool)
    for arrangement in search.arrangements.values():
        for term in arrangement.terms:
            if name in term.sources:
                before = term.sources[: term.sources.index(name)]
                start = sum(search.theirs[source].size for source in before)
                at = positions_at(term, np.arange(int(np.prod(term.shape)))) - start
                used[at[(at >= 0) & (at < used.size)]] = True
    return used
