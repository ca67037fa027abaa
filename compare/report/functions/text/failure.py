"""The first place that fails: its worst entry, and the places around it."""

from compare.quoting import quoted
from compare.report.document import Json
from compare.report.functions.document import First, places_of, state_of, used_of
from compare.report.functions.failure import MOST_AROUND, facts_of, title_of_first
from compare.report.functions.text.results import marked
from compare.report.labels import shortened
from compare.report.text.answer import format_rows
from compare.report.text.colours import Paint
from compare.report.text.lines import wrapped

_KIND, _STATE, _USED = 11, 10, 12  # columns
_HERE = "  <- first"


def format_failure(report: Json, standing: Json, first: First, *, width: int, paint: Paint) -> str:
    """Returns what was found at the worst entry of the first check that fails, and around it."""
    facts = ((f"  {label}", said) for label, said in facts_of(report, first))
    title = wrapped(f"{title_of_first(report, standing, first)}:", width)
    parts = [f"{title}\n{format_rows(facts, width=width)}"]
    if places_of(first.checks):
        around = first.around(MOST_AROUND)
        room = width - _KIND - _STATE - _USED - len(_HERE) - 2
        name = min(room, max(len(quoted(one["name"])) for one in around))
        rows = [_row(one, name, first, paint) for one in around]
        parts.append("\n".join(["Around it, in the order of the data:", *rows]))
    return "\n\n".join(parts)


def _row(check: Json, width: int, first: First, paint: Paint) -> str:
    state = marked(f"{state_of(check):<{_STATE}}", check, paint)
    name = shortened(quoted(check["name"]), width)
    return (
        f"  {check['kind']:<{_KIND}}{name:<{width}} {state}"
        f"{used_of(check):>{_USED - 1}}{_HERE if check is first.check else ''}"
    )
