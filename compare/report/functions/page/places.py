"""Every place of every candidate, as a tree of submodules that shows how much rounding is used."""

from collections.abc import Sequence

from compare.numbers import count, entry, number, share, told_apart
from compare.report.document import Json
from compare.report.functions.document import First, first_of, is_vacuous, size_of, used_of
from compare.report.functions.tree import Module, tree_of
from compare.report.labels import shape_text
from compare.report.page.markup import Cell, caption, escaped, heading, section, table
from compare.report.words import PLACES

_HEAD: tuple[str | Cell, ...] = (
    *("", "of", "shape"),
    *map(Cell, ("rounding used", "unlikely", "max abs", "ulp", "found", "exact")),
)


def places(report: Json) -> str:
    """Returns one tree for each candidate; empty where there are neither places nor results."""
    candidates = [one for one in report["candidates"] if one["checks"]]
    several = len(candidates) > 1
    trees = (
        f"{heading(one['name']) if several else ''}{_tree(one, number)}"
        for number, one in enumerate(candidates)
    )
    return section("places", "Place by place", caption(PLACES), *trees)


def _tree(standing: Json, number_of_tree: int) -> str:
    """Returns the places of one program; of one that fails in float64, as they are in that."""
    first = first_of(standing)
    checks = standing["exact" if first is not None and first.in_float64 else "checks"]
    root = tree_of(checks)
    key = f"first-{number_of_tree}"
    rows = "\n".join(_module(one, first, key) for one in root.parts.values())
    head = "<span>{}</span><span>forward</span><span>backward</span>".format(
        "in float64" if first is not None and first.in_float64 else ""
    )
    return f'<div class="tree"><div class="head">{head}</div>\n{rows}\n</div>'


def _module(module: Module, first: First | None, key: str) -> str:
    """Returns a submodule with all beneath it, open where the first failure is."""
    holds_first = first is not None and module.holds(first.check)
    is_first = first is not None and any(one is first.check for one in module.checks)
    state = " open" if holds_first else ""
    state += f' class="first" id="{key}"' if is_first else ""
    shares = "".join(_share(module.of(backward=backward)) for backward in (False, True))
    beneath = [_module(one, first, key) for one in module.parts.values()]
    inside = "\n".join([*([_checks(module)] if module.checks else []), *beneath])
    return (
        f"<details{state}><summary><span>{escaped(module.name)}</span>{shares}</summary>\n"
        f"{inside}</details>"
    )


def _share(checks: Sequence[Json]) -> str:
    """Returns a bar as long as the largest share of what rounding allows."""
    bounded = [one for one in checks if not is_vacuous(one)]
    if not checks:
        return "<span></span>"
    if not bounded:
        return '<span class="bar none">no bound</span>'
    worst = max(bounded, key=size_of)
    if not worst["holds"]:
        return f'<span class="bar wrong">✗ {escaped(used_of(worst))}</span>'
    more = "" if len(bounded) == len(checks) else ", no bound"  # of the others
    width = 100 * min(1.0, worst["used"])
    return f'<span class="bar" style="--used:{width:.3g}%">{escaped(used_of(worst))}{more}</span>'


def _checks(module: Module) -> str:
    return table(f"Checks of {module.name}", _HEAD, map(_row, module.checks))


def _row(check: Json) -> list[str | Cell]:
    found, exact = told_apart(float(check["found"]), float(check["expected"]))
    wrong = not check["holds"]
    return [
        f"✗ {check['kind']}" if wrong else check["kind"],
        entry("", check["index"]),
        shape_text(check["shape"], "×"),
        Cell(used_of(check), "n wrong" if wrong else "n"),
        Cell(share(check["unlikely"])),
        Cell(number(check["difference"])),
        Cell(count(check["ulp"])),
        Cell(found),
        Cell(exact),
    ]
