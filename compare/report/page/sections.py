"""The parts of a page in words and tables: the failure, who took part, pairs, circumstances."""

from collections.abc import Iterator
from typing import Any

from compare.report.document import Json, is_wrong, letters_of, place_of, quantities
from compare.report.labels import (
    METRICS,
    entry,
    network_of,
    origin_of_samples,
    origin_of_weights,
    pair_label,
)
from compare.report.numbers import count, largest_known, largest_ratio, number, share
from compare.report.page.markup import (
    Cell,
    command,
    definitions,
    escaped,
    paragraph,
    section,
    table,
)

_MOST_ROWS = 24  # of pairs and quantities: a wrong one is wrong in many
_RULES = {
    "rank_one": "the gradient of a weight matrix is its input times delta",
    "input": "the first layer's input is x",
    "activation": "a layer's input is phi of what the layer below it gives",
    "output": "the last delta is 2 (yhat - y)",
    "chain": "delta is what comes back from the layer above, times phi'",
}


def failure(report: Json, picture: str) -> str:
    """What went wrong, where and why, with the picture of who is wrong; empty if nothing did."""
    if report["verdict"] == "agree":
        return ""
    words = {"disagree": "The failure", "undecided": "Why nothing can be said"}
    again = ""
    if report["reproduce"] is not None:
        again = "<h3>To compute that sample again, to the same bits</h3>"
        again += command(report["reproduce"])
    return section(
        "failure",
        words[report["verdict"]],
        f'<div class="lead">{_first_failures(report)}{picture}</div>',
        _differences(report),
        _values(report),
        again,
    )


def _first_failures(report: Json) -> str:
    said = []
    for one in report["implementations"]:
        first = one["certificate"]["first_failure"]
        if first is None:
            continue
        failed, allowed = one["certificate"]["failed"], first["allowed"]
        ratio = abs(first["found"] - first["expected"]) / allowed if allowed else None
        rows = [
            ("who", f"{one['name']}, in {failed:,} of {report['config']['samples']:,} samples"),
            ("where", f"layer {first['layer']}, first in sample {first['sample']:,}"),
            ("rule", f"{first['rule']}: {_RULES[first['rule']]}"),
            ("found", f"{first['found']:.9g} at {entry(first['parameter'], first['index'])}"),
            ("expected", f"{first['expected']:.9g}"),
            ("apart", f"{share(ratio)} what rounding allows"),
            ("explained", first["explanation"] or "it fits no mistake that is known"),
        ]
        said.append(definitions(rows))
    return "".join(said)


def _differences(report: Json) -> str:
    wrong = [
        (pair, one) for pair in report["pairs"] for one in quantities(pair, report) if is_wrong(one)
    ]
    if not wrong:
        return ""
    lost = any(one["nonfinite_differ"] for _, one in wrong)
    rows: list[list[str | Cell]] = [
        [
            f"{pair['a']} ~ {pair['b']}",
            one["name"],
            *((Cell(f"{one['nonfinite_differ']:,}"), place_of(one["first_nonfinite_at"])) * lost),
            Cell(number(one["max_abs"])),
            place_of(one["max_abs_at"]),
            Cell(share(one["bound_ratio"]), "n wrong"),
        ]
        for pair, one in wrong
    ]
    head: list[str | Cell] = ["pair", "of", *((Cell("finite on one side"), "first at") * lost)]
    head += [Cell("max abs"), "at sample [index]", Cell("of the bound")]
    more = f", the first {_MOST_ROWS} of {len(rows)}" if len(rows) > _MOST_ROWS else ""
    return table(f"Differences that rounding does not explain{more}", head, rows[:_MOST_ROWS])


def _values(report: Json) -> str:
    return "".join(
        table(
            f"{entry(one['quantity'], one['index'])} of sample {one['sample']:,}",
            ["", Cell("value"), Cell("in hex")],
            [
                [name, Cell(f"{known['value']}"), Cell(known["hex"])]
                for name, known in one["values"].items()
            ],
        )
        for one in report["values"]
    )


def compared(report: Json) -> str:
    """The network, the samples and who took part."""
    config = report["config"]
    entries = report["entries"]
    rows = [
        ("network", network_of(config)),
        ("weights", origin_of_weights(config)),
        ("samples", f"{config['samples']:,}, {origin_of_samples(config)}"),
        ("dtype", config["dtype"]),
        ("products", f"{config['matmul_precision']} asked for; {_measured(report)}"),
    ]
    if entries is not None:
        rows.append(("with end-to-end bounds", f"{entries['samples']:,} samples"))
    return section("compared", "What was compared", definitions(rows), _who(report))


def _measured(report: Json) -> str:
    letters = letters_of(report)
    each = (
        f"{' '.join(letters[name] for name in one['implementations'])} {one['operand_bits']} bits "
        f"of {one['dtype']}"
        for one in report["engines"]
    )
    return "; ".join(each) or "nothing measured"


def _who(report: Json) -> str:
    letters = letters_of(report)
    rows: list[list[str | Cell]] = []
    for one in report["implementations"]:
        found = one["certificate"]
        failed = Cell(f"{found['failed']:,}", "n wrong" if found["failed"] else "n")
        worst = found["worst"] or {"rule": "", "parameter": ""}
        rows.append(
            [
                f"{letters[one['name']]} {one['name']}",
                one["dtype"],
                one["device"] if one["source"] is None else f"from {one['source']}",
                Cell(f"{found['certified']:,}"),
                failed,
                Cell(f"{found['silent']:,}"),
                Cell(f"{found['at_kink']:,}"),
                Cell("-" if found["worst"] is None else share(found["worst_ratio"])),
                f"{worst['rule']} {worst['parameter']}",
                Cell(number(_witness(report, one["name"]))),
            ]
        )
    head: list[str | Cell] = [
        "",
        "dtype",
        "where",
        Cell("certified"),
        Cell("failed"),
        Cell("silent"),
    ]
    head += [Cell("at kink"), Cell("tightest"), "by", Cell("witness")]
    return table("Samples by what each gradient proves of itself", head, rows)


def _witness(report: Json, name: str) -> float | None:
    return largest_known(
        one["scaled"] for one in report["witness"] if one["implementation"] == name
    )


def matrix(report: Json) -> str:
    """All pairs as a matrix."""
    letters = letters_of(report)
    pairs = {frozenset((pair["a"], pair["b"])): pair for pair in report["pairs"]}
    names = list(letters)
    rows: list[list[str | Cell]] = [
        [f"{letters[row]} {row}", *(_cell(pairs, report, names, row, one) for one in names)]
        for row in names
    ]
    said = "Above the diagonal ulp and the share of the bound, below it max abs and max rel"
    return section("pairs", "Pairs", table(said, ["", *letters.values()], rows, "matrix"))


def _cell(pairs: Any, report: Json, names: list[str], row: str, column: str) -> Cell:
    if row == column:
        return Cell("—", "self")
    pair = pairs[frozenset((row, column))]
    wrong = any(is_wrong(one) for one in quantities(pair, report))
    if names.index(row) < names.index(column):
        ulp = max((one["max_ulp"] or 0 for one in pair["parameters"]), default=0)
        ratio = largest_ratio([one["bound_ratio"] for one in quantities(pair, report)])
        text = f"{count(ulp)} ulp, {share(ratio)}"
    else:
        worst = (
            max((one[metric] or 0 for one in pair["parameters"]), default=0)
            for metric in ("max_abs", "max_rel")
        )
        text = ", ".join(map(number, worst))
    return Cell(f"✗ {text}", "wrong") if wrong else Cell(text, "")


def parameters(report: Json) -> str:
    """One row for each parameter, prediction and loss: the worst of all pairs."""
    letters = letters_of(report)
    found: dict[str, list[tuple[Json, Json]]] = {}
    for pair in report["pairs"]:
        for one in quantities(pair, report):
            found.setdefault(one["name"], []).append((pair, one))
    rows = []
    for name, known in found.items():
        cells: list[str | Cell] = [name, "×".join(map(str, known[0][1]["shape"])) or "1"]
        for metric in METRICS:
            pair, one = max(known, key=lambda both: both[1][metric] or 0)
            cells.append(Cell(count(one[metric]) if metric == "max_ulp" else number(one[metric])))
            who = pair_label(letters, pair["a"], pair["b"])
            cells.append(f"{place_of(one[f'{metric}_at'])}, {who}" if one[metric] else "")
        ratio = largest_ratio([one["bound_ratio"] for _, one in known])
        wrong = any(is_wrong(one) for _, one in known)
        rows.append([*cells, Cell(("✗ " if wrong else "") + share(ratio), _kind(wrong))])
    head: list[str | Cell] = ["", "shape"]
    for title in METRICS.values():
        head += [Cell(title), "at"]
    layout = report["config"]["layout"]
    said = f"The largest differences between any two, at sample [index], layout {layout}"
    return section("parameters", "Parameters", table(said, [*head, Cell("of the bound")], rows))


def _kind(wrong: bool) -> str:
    return "n wrong" if wrong else "n"


def change(report: Json) -> str:
    """What has moved since a baseline, if there is one."""
    known = report["change"]
    if known is None:
        return ""
    rows = [
        [
            one["implementation"],
            Cell(f"{one['moved']:,}"),
            Cell(share(largest_ratio([p["bound_ratio"] for p in one["parameters"]]))),
            Cell(f"{one['certified_then']} → {one['certified_now']}"),
        ]
        for one in known["drifts"]
    ]
    versions = ", ".join(
        f"{name} {both['then']} → {both['now']}" for name, both in known["versions"].items()
    )
    return section(
        "change",
        f"Since the baseline {known['baseline']}",
        paragraph(versions or "The same versions."),
        table(
            "Entries whose bits are others",
            ["", Cell("moved"), Cell("of the bound"), Cell("certified")],
            rows,
        ),
    )


def circumstances(report: Json) -> str:
    """Versions, machine, and the command that makes it again."""
    again = report["command"]
    return section(
        "environment",
        "Environment",
        definitions(_environment(report["environment"])),
        "" if again is None else f"<h3>To compare all of it again</h3>{command(again)}",
        paragraph(f"The verdict rests on this: {report['rule']}", "note"),
    )


def _environment(environment: Json) -> Iterator[tuple[str, str]]:
    for name, value in environment.items():
        if isinstance(value, dict):
            yield name, ", ".join(f"{k} {v}" for k, v in value.items())
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value))
        else:
            yield name, str(value)


def headline(report: Json) -> str:
    """The verdict in one sentence, and a way to the failure."""
    skip = ""
    if report["verdict"] != "agree":
        skip = '<p><a href="#failure">To the failure</a></p>'
    warnings = "".join(paragraph(f"Warning: {one}.") for one in report["warnings"])
    verdict, reason = escaped(report["verdict"]), escaped(report["reason"])
    return f"<header><h1><strong>{verdict}</strong> {reason}.</h1>{skip}{warnings}</header>"
