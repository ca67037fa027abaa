"""Outputs and gradients of a program as a table for a terminal: those that use most first."""

from collections.abc import Sequence

from compare.numbers import number, short_count
from compare.quoting import quoted
from compare.report.document import Json
from compare.report.functions.document import (
    LONGEST,
    RESULTS,
    Result,
    most_telling,
    results_of,
    used_of,
)
from compare.report.labels import shape_text, shortened
from compare.report.text.colours import Paint
from compare.report.text.lines import wrapped

_SHAPE = 14  # columns of a shape at most
_NUMBERS = 8 + 10 + 8 + 7 + 14  # columns of the numbers


def format_results(standing: Json, reference: Json, *, most: int, width: int, paint: Paint) -> str:
    """Returns a row for each result, and of many those that matter most.

    Args:
      standing: of the program.
      reference: itself in the same dtype.
      most: how many rows there may be.
      width: of a line.
      paint: for what is wrong.
    """
    every = results_of(standing, reference)
    if not every:
        return ""
    shown, left = most_telling(every, most)
    title = f"Results of {shortened(standing['name'], LONGEST)}, beside the exact ones"
    if standing["recorded"]:
        title += "; rounding used is that since the places before"
    rows = [wrapped(title, width), *_table(shown, width, paint)]
    if left:
        right = _how_right([one.check for one in left])
        rows.append(f"... and {len(left):,} more, {right}: --verbose shows them")
    return "\n".join(rows)


def _how_right(checks: Sequence[Json]) -> str:
    if not all(one["holds"] for one in checks):
        return "some wrong too"
    is_proved = all(one["is_zero"] or not one["vacuous"] for one in checks)
    return "all right by themselves" if is_proved else "none wrong as far as bounds say"


def marked(text: str, check: Json, paint: Paint) -> str:
    """Returns a text in the colour of a failure if that check fails."""
    return text if check["holds"] else paint(text, "bad")


def _table(results: Sequence[Result], width: int, paint: Paint) -> list[str]:
    checks = [one.check for one in results]
    shape = max(5, *(min(_SHAPE, len(shape_text(one["shape"]))) for one in checks))
    name = max(12, min(width - _NUMBERS - shape - 1, 2 + max(len(one["name"]) for one in checks)))
    head = f"{'shape':<{shape}}{'max abs':>8}{'reference':>10}{'max rel':>8}{'ulp':>7}"
    lines = [f"{'':<{name}} {head}{'rounding used':>14}"]
    kind = ""
    for result in results:
        if result.check["kind"] != kind:
            kind = result.check["kind"]
            lines.append(RESULTS[kind])
        lines.append(_row(result, name, shape, paint))
    return lines


def _row(result: Result, name: int, shape: int, paint: Paint) -> str:
    check, end = result.check, result.end
    label = f"  {shortened(quoted(check['name']), name - 2)}"
    used = marked(f"{used_of(check):>14}", check, paint)
    apart = [_number(end, "difference"), _number(result.own, "difference"), _number(end, "max_rel")]
    ulp = "-" if end is None else "∞" if end["ulp"] is None else short_count(end["ulp"])
    return (
        f"{label:<{name}} {shortened(shape_text(check['shape']), _SHAPE):<{shape}}"
        f"{apart[0]:>8}{apart[1]:>10}{apart[2]:>8}{ulp:>7}{used}"
    )


def _number(check: Json | None, name: str) -> str:
    if check is None:
        return "-"
    return "∞" if check[name] is None else number(check[name])
