"""What went wrong, where and why."""

from compare.evidence.certificate.losses import LOSSES
from compare.numbers import entry, share
from compare.report.document import Json
from compare.report.page.markup import Cell, command, definitions, section, table
from compare.report.page.sections.differences import differences

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
    failed = (one for one in report["implementations"] if one["certificate"]["first_failure"])
    words = "".join(_first_failure(one, report["config"]) for one in failed)
    title = "<h3>To compute that sample again, to the same bits</h3>"
    return section(
        "failure",
        _TITLES[report["verdict"]],
        f'<div class="lead">{words}{picture}</div>',
        differences(report),
        "".join(map(_values, report["values"])),
        "" if report["reproduce"] is None else title + command(report["reproduce"]),
    )


def _first_failure(one: Json, config: Json) -> str:
    """Says where an implementation first broke a rule, and what that looks like."""
    failed, first = one["certificate"]["failed"], one["certificate"]["first_failure"]
    slope = LOSSES["squared"].slope_formula  # the one loss that a run has
    samples, rule = config["samples"], _RULES[first["rule"]].format(slope=slope)
    apart, allowed = abs(first["found"] - first["expected"]), first["allowed"]
    return definitions(
        [
            ("who", f"{one['name']}, in {failed:,} of {samples:,} samples"),
            ("where", f"layer {first['layer']}, first in sample {first['sample']:,}"),
            ("rule", f"{first['rule']}: {rule}"),
            ("found", f"{first['found']:.9g} at {entry(first['parameter'], first['index'])}"),
            ("expected", f"{first['expected']:.9g}"),
            ("apart", f"{share(apart / allowed if allowed else None)} what rounding allows"),
            ("explained", first["explanation"] or "it fits no mistake that is known"),
        ]
    )


def _values(one: Json) -> str:
    """Returns one entry as every implementation has it."""
    return table(
        f"{entry(one['quantity'], one['index'])} of sample {one['sample']:,}",
        ["", Cell("value"), Cell("in hex")],
        [[name, Cell(f"{had['value']}"), Cell(had["hex"])] for name, had in one["values"].items()],
    )
