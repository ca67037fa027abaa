"""Every place and every result of a program, as a table for a terminal."""

from compare.numbers import number, share, short_count
from compare.quoting import quoted
from compare.report.document import Json
from compare.report.functions.document import used_of
from compare.report.functions.text.results import marked
from compare.report.labels import shape_text, shortened
from compare.report.text.colours import Paint
from compare.report.text.lines import wrapped

_SHAPE = 13


def format_checks(standing: Json, *, width: int, paint: Paint) -> str:
    """Returns a row for each check, those in float64 last."""
    parts = [
        (f"Every place and result of {standing['name']}, in the order of the data", "checks"),
        ("The same in float64", "exact"),
    ]
    tables = [
        "\n".join([wrapped(f"{title}:", width), *_table(standing[checks], width, paint)])
        for title, checks in parts
        if standing[checks]
    ]
    return "\n\n".join(tables)


def _table(checks: list[Json], width: int, paint: Paint) -> list[str]:
    room = width - 10 - _SHAPE - 8 - 8 - 11 - 10
    name = max(10, min(room, max(len(quoted(one["name"])) for one in checks)))
    head = f"{'shape':<{_SHAPE}}{'max abs':>8}{'ulp':>8}{'used':>11}{'unlikely':>10}"
    return [f"{'':<10}{'':<{name}} {head}", *(_row(one, name, paint) for one in checks)]


def _row(check: Json, width: int, paint: Paint) -> str:
    name, shape = (
        shortened(quoted(check["name"]), width),
        shortened(shape_text(check["shape"]), _SHAPE - 1),
    )
    return (
        f"{check['kind']:<10}{name:<{width}} {shape:<{_SHAPE}}{number(check['difference']):>8}"
        f"{short_count(check['ulp']):>8}{marked(f'{used_of(check):>11}', check, paint)}"
        f"{share(check['unlikely']):>10}"
    )
