"""The two biases of torch's recurrent layers, of which other frameworks have the sum."""

import numpy as np

from compare.pairing.arrangement import Arrangement, Entries
from compare.pairing.biases import positions_at
from compare.pairing.partly_unused import used_entries
from compare.pairing.search import Search
from compare.pairing.terms import simplified

_PAIRS = (("bias_ih", "bias_hh"), ("bias_hh", "bias_ih"))


def add_unused_biases(search: Search) -> None:
    """Adds to each entry of one bias that of the other, where it is 0 and used nowhere.

    Of biases that are not 0 the sum is found by its value.
    """
    for one, other in _PAIRS:
        for theirs in search.theirs:
            partner = theirs.replace(one, other)
            if one in theirs and partner in search.theirs:
                _add(search, theirs, partner)


def _add(search: Search, theirs: str, partner: str) -> None:
    free = (search.theirs[partner].ravel() == 0) & ~used_entries(search, partner)
    for own, arrangement in search.arrangements.items():
        if arrangement.sources != (theirs,) or len(arrangement.terms) != 1:
            continue
        at = positions_at(arrangement.terms[0], np.arange(search.own[own].size))
        if at.size and np.all(at >= 0) and np.all(free[at]):
            second = Entries((partner,), at.reshape(arrangement.shape))
            shapes = {partner: search.theirs[partner].shape}
            terms = (*arrangement.terms, simplified(second, shapes))
            search.arrangements[own] = Arrangement(terms, arrangement.offset)
