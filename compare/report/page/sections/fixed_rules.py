"""What the fixed tolerances of other libraries would have said."""

from compare.numbers import counted, largest_ratio, number, rounded_up
from compare.report.document import Json
from compare.report.page.markup import Cell, paragraph, table, told
from compare.report.words import FIXED_RULES


def fixed_rules(report: Json) -> str:
    """Returns how many entries break each rule, in the pair that breaks it most."""
    peers = [pair["peers"] for pair in report["pairs"]]
    most = {rule: max(one["breaking"][rule] for one in peers) for rule in peers[0]["breaking"]}
    rows = [
        [rule, Cell(f"fails in {counted(n, 'entry', 'entries')}" if n else "passes")]
        for rule, n in most.items()
    ]
    finite = not any(
        one["nonfinite_same"] for pair in report["pairs"] for one in pair["parameters"]
    )
    where = "It" if finite else "Where numbers are finite it"
    least = f"{where} would take rtol {_least(peers, 'rtol')} or atol {_least(peers, 'atol')}."
    shown = table("Fixed tolerances", ["", Cell("in the worst pair")], rows) + paragraph(least)
    return told(FIXED_RULES, shown)


def _least(peers: list[Json], kind: str) -> str:
    value = largest_ratio([one[f"smallest_{kind}"] for one in peers])
    return "∞" if value is None else number(rounded_up(value, digits=2))
