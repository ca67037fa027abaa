"""The two biases of torch's recurrent layers, of which other frameworks have the sum."""

import dataclasses

import numpy as np

from compare.numbers import first_few
from compare.pairing.arrangement import Entries
from compare.pairing.biases import positions_at
from compare.pairing.partly_unused import used_entries
from compare.pairing.search import Search
from compare.pairing.terms import simplified
from compare.pairing.weight_finding import WeightFinding

_PAIRS = (("bias_ih", "bias_hh"), ("bias_hh", "bias_ih"))


def add_unused_biases(search: Search) -> None:
    """Adds to each entry of one bias that of the other, where it is used nowhere.

    Of biases that were loaded the sum is found by its value. If it is not, and the other bias is
    not 0, it was forgotten.
    """
    for one, other in _PAIRS:
        for theirs in search.theirs:
            partner = theirs.replace(one, other)
            if one in theirs and partner in search.theirs:
                alone = _alone(search, theirs, partner)
                changed = [own for own in alone if not _add(search, own, partner)]
                if changed:
                    _tell(search, changed, theirs, partner)


def _alone(search: Search, theirs: str, partner: str) -> list[str]:
    """Returns what is made of entries of one bias, where those of the other are used nowhere."""
    used = used_entries(search, partner)
    found = []
    for own, arrangement in search.arrangements.items():
        if arrangement.sources == (theirs,) and len(arrangement.terms) == 1:
            at = positions_at(arrangement.terms[0], np.arange(search.own[own].size))
            if at.size and np.all(at >= 0) and not np.any(used[at]):
                found.append(own)
    return found


def _add(search: Search, own: str, partner: str) -> bool:
    """Adds the entries of the other bias, and returns whether the weight is the same still."""
    arrangement = search.arrangements[own]
    at = positions_at(arrangement.terms[0], np.arange(search.own[own].size))
    second = Entries((partner,), at.reshape(arrangement.shape))
    terms = (*arrangement.terms, simplified(second, {partner: search.theirs[partner].shape}))
    search.arrangements[own] = dataclasses.replace(arrangement, terms=terms)
    return not np.any(search.theirs[partner].ravel()[at])


def _tell(search: Search, changed: list[str], theirs: str, partner: str) -> None:
    owns = first_few([f"`{own}`" for own in changed], 1)
    lack = "lacks" if len(changed) == 1 else "lack"
    sentence = f"`{partner}`, which is added to `{theirs}`, was not loaded: {owns} {lack} it"
    worst = float(np.max(np.abs(search.theirs[partner])))
    search.findings.append(
        WeightFinding(changed[0], (theirs, partner), "not loaded", sentence, worst)
    )
