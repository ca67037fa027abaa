"""Rows of weights in an order that is unusual, or not that of others."""

import re
from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from compare.numbers import first_few
from compare.pairing.arrangement import Entries
from compare.pairing.biases import positions_at
from compare.pairing.names import attention_part_of, module_of
from compare.pairing.search import Search
from compare.pairing.weight_finding import WeightFinding
from compare.pairing.words import gates_of

_MIXED = re.compile("in another order|rows, each transposed")
_GATES = re.compile("gates [a-z]+ -> ([a-z]+)")
_PACKED = re.compile("in_proj_(weight|bias)")  # queries, keys and values, in this order


def tell_orders_of_rows(search: Search, words: Mapping[str, str]) -> None:
    """Remarks on rows in an order that few programs have, which running the program tells.

    Args:
      search: what is known.
      words: own name -> how it is laid out.
    """
    _tell_mixed(search, words)
    _tell_gates(search, words)
    for own in search.arrangements:
        _tell_part(search, own)


def _tell_mixed(search: Search, words: Mapping[str, str]) -> None:
    """Remarks on weights whose rows or columns are mixed, once for each source."""
    told = {one.own for one in (*search.findings, *search.remarks)}
    found = defaultdict(list)
    for own, said in words.items():
        if _MIXED.search(said) and own not in told:
            found[search.arrangements[own].sources].append(own)
    for sources, owns in found.items():
        names = " and ".join(f"`{name}`" for name in sources)
        others = first_few([f"`{own}`" for own in owns], 1)
        verb = "is" if len(sources) == 1 else "are"
        order = f"in an order that few programs have: {words[owns[0]]}"
        sentence = f"{names} {verb} in {others} {order}"
        search.remarks.append(WeightFinding(owns[0], sources, "order of rows", sentence))


def _tell_gates(search: Search, words: Mapping[str, str]) -> None:
    """Remarks on the gates of one layer if they have two orders."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    shapes = {name: array.shape for name, array in search.theirs.items()}
    for own, one in search.arrangements.items():
        source = one.sources[0]
        gates = gates_of(source, shapes)
        if gates and search.own[own].size >= search.theirs[source].size:
            match = _GATES.search(words[own])
            found[module_of(source)].setdefault(match.group(1) if match else gates, own)
    for module, orders in found.items():
        if len(orders) > 1:
            said = ", and ".join(f"{gates} in `{own}`" for gates, own in orders.items())
            sentence = f"gates of `{module}` are in the order {said}"
            own = list(orders.values())[-1]
            sources = search.arrangements[own].sources
            search.remarks.append(WeightFinding(own, sources, "order of gates", sentence))


def _tell_part(search: Search, own: str) -> None:
    """Remarks on what is named after queries, say, and holds keys."""
    arrangement = search.arrangements[own]
    source, mine = arrangement.sources[0], attention_part_of(own)
    if len(arrangement.sources) > 1 or mine is None:
        return
    theirs = attention_part_of(source)
    first = arrangement.terms[0]
    if _PACKED.search(source) and isinstance(first, Entries):
        at = positions_at(first, np.arange(search.own[own].size))
        thirds = np.unique(3 * at // search.theirs[source].size)
        theirs = ("queries", "keys", "values")[thirds[0]] if thirds.size == 1 else None
    if theirs not in (None, mine):
        sentence = f"`{own}` is named after {mine}, and holds the {theirs} of `{source}`"
        search.remarks.append(WeightFinding(own, (source,), "named after another", sentence))
