"""Where entries were not measured."""

from collections.abc import Iterator, Mapping

from compare.evidence.differences.pairs import Pair
from compare.numbers import counted
from compare.report.labels import pair_label
from compare.report.text.lines import wrapped
from compare.results import Report


def format_notes(report: Report, letters: Mapping[str, str], *, width: int) -> str:
    """Returns one sentence a line; empty if nothing is to be said."""
    notes = []
    if report.config["witness"] and not report.witness:
        notes.append("No witness: the network has too many parameters for a forward pass of each.")
    of_pairs: dict[str, list[str]] = {}  # the same is often true of several
    for pair in report.pairs:
        for note in _notes_of(pair):
            of_pairs.setdefault(note, []).append(pair_label(letters, pair.a, pair.b))
    notes += [f"{', '.join(pairs)}: {note}" for note, pairs in of_pairs.items()]
    return "\n".join(wrapped(note, width) for note in notes)


def _notes_of(pair: Pair) -> Iterator[str]:
    """Says how many entries of a pair were not measured, and why."""
    differ = sum(c.nonfinite_differ for c in pair.quantities)
    same = sum(c.nonfinite_same for c in pair.quantities)
    if differ:
        yield f"{_entries(differ)} finite on one side only, or infinite with opposite signs."
    if same:
        yield f"{_entries(same)} finite on neither side."
    negligible = sum(c.negligible for c in pair.parameters)
    if negligible:
        yield (
            f"{_entries(negligible)} below the smallest normal {pair.dtype} on both sides, where "
            "numbers have few bits or are flushed to zero: without a relative error."
        )


def _entries(count: int) -> str:
    return counted(count, "entry is", "entries are")
