"""How weights and gradients were read: which array is which parameter, and what else was tried."""

from collections.abc import Iterator

from compare.formats.reading import Choice
from compare.report.text.lines import wrapped
from compare.results import Report

_MOST_NAMED = 12  # readings in a sentence


def format_readings(report: Report, *, width: int, verbose: bool) -> str:
    """Returns the readings that failed where none certifies; a table of all, if verbose."""
    parts = []
    for name, choice in _choices(report):
        if verbose:
            parts.append("\n".join([f"{name}, read as {choice.reading.words}", *_table(choice)]))
        if choice.others and (verbose or not choice.holds):
            parts.append(wrapped(f"{name} {_tried(choice)}.", width))
    return "\n\n".join(parts)


def _choices(report: Report) -> Iterator[tuple[str, Choice]]:
    if report.weights is not None:
        yield "the weights", report.weights
    for one in report.implementations:
        if one.read is not None:
            yield one.name, one.read


def _table(choice: Choice) -> list[str]:
    reading = choice.reading
    if len(reading.arrays) != len(reading.order):
        return [f"  all {reading.arrays[0]} in turn: {' '.join(reading.order)}"]
    return [
        f"  {parameter:<5}{array}"
        for parameter, array in zip(reading.order, reading.arrays, strict=True)
    ]


def _tried(choice: Choice) -> str:
    """Names what was tried beside what was taken."""
    words = [
        *(f"{one.words}, which certifies too" for one in choice.holding),
        *(one.words for one in choice.failing),
    ]
    more = f"; and {len(words) - _MOST_NAMED} more" * (len(words) > _MOST_NAMED)
    return f"could be read as well as {'; '.join(words[:_MOST_NAMED])}{more}"
