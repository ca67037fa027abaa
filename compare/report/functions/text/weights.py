"""The weights of a program beside those of the reference, as a table for a terminal."""

from compare.quoting import quoted
from compare.report.document import Json
from compare.report.functions.document import LONGEST
from compare.report.labels import shortened
from compare.report.text.lines import wrapped

_NAME = 30  # columns of a name at most


def format_weights(standing: Json, *, width: int) -> str:
    """Returns a row for each weight: what of the reference it is, and how that is laid out."""
    weights = standing["weights"]
    if weights is None:
        return ""
    room = max((len(one["name"]) for one in weights["pairs"]), default=0)
    name = min(_NAME, room)
    rows = [_row(one, name, width) for one in weights["pairs"]]
    rows += [f"{shortened(quoted(one), name):<{name}}  as it is" for one in weights["kept"]]
    title = f"Weights of {shortened(standing['name'], LONGEST)}, and where the reference has them:"
    return "\n".join([wrapped(title, width), *rows])


def _row(pair: Json, name: int, width: int) -> str:
    said = ", ".join(filter(None, (*map(quoted, pair["sources"]), pair["layout"])))
    own = shortened(quoted(pair["name"]), name)
    return wrapped(f"{own:<{name}}  {said}", width, indent=name + 2)
