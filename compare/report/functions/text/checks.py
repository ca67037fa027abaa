"""Every place and every result of a program, as a table for a terminal."""

from compare.numbers import number, share, short_count
from compare.quoting import quoted
from compare.report.document import Json
from compare.report.functions.document import LONGEST, used_of
from compare.report.functions.text.results import marked
from compare.report.labels import shape_text, shortened
from compare.report.text.colours import Paint
from compare.report.text.lines import wrapped

_SHAPE = 13  # columns of a shape at most
_NUMBERS = 8 + 7 + 14 + 12  # columns of the numbers
_KIND = 10


def format_checks(standing: Json, *, width: int, paint: Paint) -> str:
    """Returns a row for each check, those in float64 last."""
    name = shortened(standing["name"], LONGEST)
    parts = [
        (f"Every place and result of {name}, in the order of the data", "checks"),
        ("The same in float64", "exact"),
    ]
    tables = [
        "\n".join([wrapped(f"{title}:", width), *_table(standing[checks], width, paint)])
        for title, checks in parts
        if standing[checks]
    ]
    return "\n\n".join(tables)


def _table(checks: list[Json], width: int, paint: Paint) -> list[str]:
    shape = max(5, *(min(_SHAPE, len(shape_text(one["shape"]))) for one in checks))
    room = width - _KIND - _NUMBERS - shape - 1
    name = max(10, min(room, max(len(quoted(one["name"])) for one in checks)))
    head = f"{'shape':<{shape}}{'max abs':>8}{'ulp':>7}{'used':>14}{'unlikely':>12}"
    return [
        f"{'':<{_KIND}}{'':<{name}} {head}",
        *(_row(one, name, shape, paint) for one in checks),
    ]


def _row(check: Json, name: int, shape: int, paint: Paint) -> str:
    return (
        f"{check['kind']:<{_KIND}}{shortened(quoted(check['name']), name):<{name}} "
        f"{shortened(shape_text(check['shape']), shape):<{shape}}{number(check['difference']):>8}"
        f"{short_count(check['ulp']):>7}{marked(f'{used_of(check):>14}', check, paint)}"
        f"{share(check['unlikely']):>12}"
    )
