"""Pairs the weights of two programs by their values."""

from collections.abc import Mapping

import numpy as np

from compare.pairing.biases import pair_biases
from compare.pairing.conflicts import tell_conflicts
from compare.pairing.doubles import pair_doubles
from compare.pairing.guesses import tell_what_was_not_loaded
from compare.pairing.module_order import tell_order
from compare.pairing.narrow_weights import tell_rounded
from compare.pairing.other_layouts import tell_layouts
from compare.pairing.pairing import Pairing
from compare.pairing.partly_unused import tell_unused_parts
from compare.pairing.pieces import pair_altered, pair_pieces
from compare.pairing.recurrent_biases import add_unused_biases
from compare.pairing.row_orders import tell_orders_of_rows
from compare.pairing.scaled_parts import pair_scaled_parts, scale_zero_biases
from compare.pairing.search import Search
from compare.pairing.second_biases import with_second_biases
from compare.pairing.stacks import pair_stacked
from compare.pairing.usual import settle_layouts
from compare.pairing.whole import pair_constant, pair_rounded, pair_whole
from compare.pairing.words import words_of


def pair(theirs: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray]) -> Pairing:
    """Finds of which weights of a reference those of a candidate are made.

    Weights are looked up by their bits, after rounding to the dtype of the candidate's; of those
    with the same entries, such as biases that are all zero, by the module whose other weights are
    paired, by name, and by order.

    Args:
      theirs: name -> weight or buffer of the reference, in its order.
      own: the same of the candidate.
    """
    return with_second_biases(_paired, theirs, own)


def _paired(theirs: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray]) -> Pairing:
    search = Search(theirs, own)
    pair_whole(search)
    pair_pieces(search, among=search.unused())
    pair_rounded(search)
    pair_biases(search)
    pair_stacked(search)
    pair_constant(search)
    settle_layouts(search)
    add_unused_biases(search)
    pair_doubles(search)
    tell_conflicts(search)
    tell_layouts(search)
    tell_order(search)
    tell_rounded(search)
    pair_scaled_parts(search)
    pair_altered(search)
    tell_what_was_not_loaded(search)
    scale_zero_biases(search)
    tell_unused_parts(search)
    shapes = {name: array.shape for name, array in theirs.items()}
    found = search.arrangements
    layouts = {name: words_of(one, shapes) for name, one in found.items()}
    tell_orders_of_rows(search, layouts)
    used = {name for one in found.values() for name in one.sources}
    return Pairing(
        arrangements={name: found[name] for name in own if name in found},
        layouts=layouts,
        kept=tuple(name for name in own if name not in found and not _is_count(own[name])),
        unused=tuple(name for name in theirs if name not in used and not _is_count(theirs[name])),
        findings=tuple(search.findings),
        remarks=tuple(search.remarks),
        ties=tuple(search.assignment.ties),
    )


def _is_count(array: np.ndarray) -> bool:
    """Whether an array is one integer, as of batches that a norm has seen."""
    return array.size == 1 and array.dtype.kind in "iu"
