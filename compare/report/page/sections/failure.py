"""What went wrong, where and why."""

from compare.catalogue import output_of
from compare.evidence.certificate.losses import LOSSES
from compare.numbers import counted, entry, share, told_apart
from compare.report.document import Json, steps_of
from compare.report.labels import title_of_command
from compare.report.page.markup import Cell, command, definitions, section, table
from compare.report.page.sections.differences import differences
from compare.report.steps import rows_of, title_of

_TITLES = {"disagree": "The failure", "undecided": "Why nothing can be said"}
_RULES = {
    "rank_one": "the gradient of a weight matrix is its input times delta",
    "input": "the first layer's input is x",
    "activation": "a layer's input is phi of what the layer below it gives",
    "output": "the last delta is {slope}",
    "chain": "delta is what comes back from the layer above, times phi'",
}


def failure(report: Json, picture: str) -> str:
    """Returns it with the picture of who is wrong; empty if nothing went wrong."""
    if report["verdict"] == "agree":
        return ""
    failed = [one for one in report["implementations"] if one["certificate"]["first_failure"]]
    end = report["config"]["output"], report["config"]["loss"]
    words = "".join(_first_failure(one, end) for one in failed)
    title = f"<h3>{title_of_command(of_sample=bool(report['values']))}</h3>"
    return section(
        "failure",
        _TITLES[report["verdict"]],
        f'<div class="lead">{words}{picture}</div>',
        *map(_steps, failed),
        differences(report),
        "".join(map(_values, report["values"])),
        "" if report["reproduce"] is None else title + command(report["reproduce"]),
    )


def _first_failure(one: Json, end: tuple[str, str]) -> str:
    """Says where an implementation first broke a rule, and what that looks like."""
    certificate, first = one["certificate"], one["certificate"]["first_failure"]
    failed = certificate["failed"]
    samples = failed + certificate["certified"] + certificate["silent"]
    output, loss = end
    slope = LOSSES[output_of(output, loss), loss].slope_formula
    rule = _RULES[first["rule"]].format(slope=slope)
    apart, allowed = abs(first["found"] - first["expected"]), first["allowed"]
    found, expected = told_apart(first["found"], first["expected"])
    return definitions(
        [
            ("who", f"{one['name']}, in {failed:,} of {counted(samples, 'sample')}"),
            ("where", f"layer {first['layer']}, first in sample {first['sample']:,}"),
            ("rule", f"{first['rule']}: {rule}"),
            ("found", f"{found} at {entry(first['parameter'], first['index'])}"),
            ("expected", expected),
            ("apart", f"{share(apart / allowed) if allowed else '∞ times'} what is allowed"),
            ("explained", first["explanation"] or "no one or two known mistakes explain it"),
        ]
    )


def _steps(one: Json) -> str:
    """Returns the sample step by step; empty where no step is known."""
    rows = rows_of(steps_of(one))
    if not rows:
        return ""
    return table(
        title_of(one["certificate"]["first_failure"]["sample"], one["name"]),
        ["", Cell("theirs"), Cell("ours"), ""],
        [
            [
                row.entry,
                Cell(row.theirs),
                Cell(row.ours),
                Cell(f"✗ {row.mark}", "wrong") if row.mark == "wrong" else row.mark,
            ]
            for row in rows
        ],
    )


def _values(one: Json) -> str:
    """Returns one entry as every implementation has it."""
    return table(
        f"{entry(one['quantity'], one['index'])} of sample {one['sample']:,}",
        ["", Cell("value"), Cell("in hex")],
        [[name, Cell(f"{had['value']}"), Cell(had["hex"])] for name, had in one["values"].items()],
    )
