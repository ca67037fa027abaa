"""Outputs and gradients of a program as a table for a terminal: those that use most first."""

from collections.abc import Sequence

from compare.numbers import number, short_count
from compare.quoting import quoted
from compare.report.document import Json
from compare.report.functions.document import (
    RESULTS,
    counterpart,
    most_telling,
    results_of,
    used_of,
)
from compare.report.labels import shape_text, shortened
from compare.report.text.colours import Paint
from compare.report.text.lines import wrapped

_SHAPE = 14  # columns of a shape at most
_NUMBERS = 8 + 9 + 9 + 15 + 10  # columns of the numbers


def format_results(standing: Json, reference: Json, *, most: int, width: int, paint: Paint) -> str:
    """Returns a row for each result, and of many those that matter most.

    Args:
      standing: of the program.
      reference: itself in the same dtype.
      most: how many rows there may be.
      width: of a line.
      paint: for what is wrong.
    """
    every = results_of(standing)
    if not every:
        return ""
    shown, left = most_telling(every, most)
    title = f"Results of {standing['name']}, beside {exact_of(standing)}"
    rows = [wrapped(title, width), *_table(shown, reference, width, paint)]
    if left:
        right = "all right" if all(one["holds"] for one in left) else "some of them wrong too"
        rows.append(f"... and {len(left):,} more, {right}: --verbose shows them")
    return "\n".join(rows)


def exact_of(standing: Json) -> str:
    """Says what results are held against."""
    exact = "what follows exactly from "
    return exact + ("what it had at the places before" if standing["recorded"] else "the arguments")


def marked(text: str, check: Json, paint: Paint) -> str:
    """Returns a text in the colour of a failure if that check fails."""
    return text if check["holds"] else paint(text, "bad")


def _table(checks: Sequence[Json], reference: Json, width: int, paint: Paint) -> list[str]:
    shape = max(5, *(min(_SHAPE, len(shape_text(one["shape"]))) for one in checks))
    name = max(12, min(width - _NUMBERS - shape - 2, 2 + max(len(one["name"]) for one in checks)))
    head = f"{'shape':<{shape}}{'max abs':>8}{'max rel':>9}{'ulp':>9}{'rounding used':>15}"
    lines = [f"{'':<{name}}  {head}{'reference':>10}"]
    kind = ""
    for one in checks:
        if one["kind"] != kind:
            kind = one["kind"]
            lines.append(RESULTS[kind])
        label = f"  {shortened(quoted(one['name']), name - 2)}"
        lines.append(
            f"{label:<{name}}  {shortened(shape_text(one['shape']), _SHAPE):<{shape}}"
            f"{number(_finite(one['difference'])):>8}{number(_finite(one['max_rel'])):>9}"
            f"{short_count(one['ulp']) if one['ulp'] is not None else '∞':>9}"
            f"{marked(f'{used_of(one):>15}', one, paint)}"
            f"{used_of(counterpart(reference, one)):>10}"
        )
    return lines


def _finite(value: float | None) -> float | str:
    return "∞" if value is None else value
