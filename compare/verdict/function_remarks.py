"""Remarks on a comparison of functions: what was admitted, and what cannot be seen."""

from collections.abc import Iterable, Sequence

from compare.evidence.local.check import Checks
from compare.numbers import and_more, first_few
from compare.problem.recording import Key
from compare.verdict.function_evidence import LOW, Evidence, is_zero
from compare.verdict.function_sentences import named, told
from compare.verdict.mathematics import Mathematics

_SHOWN = 3

Remarks = tuple[str, ...]


def on_odd(odd: Checks) -> Remarks:
    """Says what correct code seldom does."""
    return (f"unlikely to be rounding: {told(odd[0])}{and_more(odd)}",) if odd else ()


def on_ties(ties: Checks) -> Remarks:
    """Says where a program may choose otherwise than the reference."""
    if not ties:
        return ()
    many = sum(one.beyond for one in ties)
    entries = f"{many:,} entries" if many > 1 else "1 entry"
    return (
        f"at {entries} of {named(ties[0])}{and_more(ties)} it chooses otherwise than the "
        "reference: the numbers that are compared there are equal, so that several choices are "
        "right, and few others are told from them",
    )


def on_precision(evidence: Evidence, known: Mathematics) -> Remarks:
    """Says what cannot be seen in a dtype of few digits, and what float64 has shown beside."""
    said = []
    if evidence.dtype in LOW:
        float64 = {
            "same": "; in float64 it computes the same",
            "unknown": f"; compare it in float32 too, since {known.told}",
        }
        said.append(
            f"in {evidence.dtype} only gross mistakes are seen{float64.get(known.verdict, '')}"
        )
    elif known.told:
        said.append(known.told)
    if known.elsewhere:
        places = f"{named(known.elsewhere[0])}{and_more(known.elsewhere)}"
        said.append(f"it holds something else than the reference at {places}")
    return tuple(said)


def on_checks(evidence: Evidence) -> Remarks:
    """Says what is 0, NaN or an overflow in both, and so shows little."""
    said = []
    results = [one for one in evidence.checks if one.kind in ("output", "gradient")]
    if all(one.is_zero and not one.largest for one in results):
        said.append("all results are 0 or empty, which shows little")
    zeros = [
        one.name for one in evidence.checks if one.kind == "gradient" and is_zero(evidence, one)
    ]
    if zeros:
        said.append(f"zero but for rounding: the gradient by {_names(zeros)}")
    nans = [one for one in evidence.checks if one.nans]
    if nans:
        cause = evidence.cause(nans[0])
        because = f", because of {cause}" if cause else ""
        said.append(f"NaN in both: {named(nans[0])}{and_more(nans)}{because}")
    lost = [one for one in evidence.checks if one.overflown]
    if lost:
        said.append(
            f"overflows in {evidence.dtype}: {named(lost[0])}{and_more(lost)}, "
            f"where {lost[0].expected:.3g} is exact"
        )
    return tuple(said)


def _names(names: Iterable[str]) -> str:
    return first_few([f"`{name}`" for name in names], _SHOWN)


def on_places(places: int, missing: Sequence[Key], unknown: Sequence[Key]) -> Remarks:
    """Says which places are not in both programs.

    Args:
      places: how many the reference has.
      missing: those that the other program lacks, or has in another shape.
      unknown: those that only the other program has.
    """
    said = []
    if missing:
        recorded = places - len(missing)
        said.append(
            f"it has {recorded:,} of the {places:,} places of the reference, forward and backward; "
            f"missing, or of another shape: {_names(_once(missing))}"
        )
    if unknown:
        said.append(f"the reference has no place {_names(_once(unknown))}")
    return tuple(said)


def _once(keys: Iterable[Key]) -> list[str]:
    return list(dict.fromkeys(name for _, name in keys))
