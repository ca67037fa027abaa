"""What went wrong, where and why: what the verdict has not said yet."""

from collections.abc import Iterator

from compare.catalogue import output_of
from compare.evidence.certificate.losses import LOSSES
from compare.numbers import entry, share, told_apart
from compare.report.answer import remarks_of
from compare.report.document import Json, quantity_of, steps_of
from compare.report.labels import title_of_command
from compare.report.page.markup import (
    Cell,
    beside,
    caption,
    command,
    definitions,
    folded,
    heading,
    section,
    table,
)
from compare.report.page.sections.differences import differences
from compare.report.steps import rows_of
from compare.report.words import RULES, STEPS

_TITLES = {"disagree": "The failure", "undecided": "Why nothing can be said"}


def failure(report: Json, picture: str) -> str:
    """Returns it with the picture of who is wrong; empty if nothing went wrong."""
    if report["verdict"] == "agree":
        return ""
    failed = [one for one in report["implementations"] if one["certificate"]["first_failure"]]
    shown = caption(STEPS) if any(map(steps_of, failed)) else ""
    words = shown + "".join(_first_failure(one, report) for one in failed)
    again = heading(title_of_command(of_sample=bool(report["values"])))
    return section(
        "failure",
        _TITLES[report["verdict"]],
        beside(words, picture + "".join(map(_values, report["values"]))),
        folded("Every difference that rounding does not explain", differences(report)),
        "" if report["reproduce"] is None else again + command(report["reproduce"]),
    )


def _first_failure(one: Json, report: Json) -> str:
    """Says where an implementation first broke a rule, and shows that sample step by step."""
    first = one["certificate"]["first_failure"]
    title = f"Sample {first['sample']:,} of {one['name']}, the first that fails"
    return heading(title) + _steps(one) + definitions(_broken_rule(one, report))


def _broken_rule(one: Json, report: Json) -> Iterator[tuple[str, str]]:
    """Yields the rule that was broken first, and what the verdict does not say of it."""
    first, said = one["certificate"]["first_failure"], " ".join(remarks_of(report))
    place = entry(quantity_of(first), first["index"])
    if first["rule"] in ("input", "activation"):
        place += f", as dL/dw{first['layer']} shows it,"
    yield "rule broken", f"{first['rule']}: {_rule(first['rule'], report['config'])}"
    found, expected = told_apart(first["found"], first["expected"])
    if found not in said or expected not in said:
        apart, allowed = abs(first["found"] - first["expected"]), first["allowed"]
        times = share(apart / allowed) if allowed else "∞ times"
        yield "there", f"{place} is {found} and not {expected}, {times} what is allowed"
    wrong = [step.figures.quantity for step in steps_of(one) if not step.holds]
    if wrong and quantity_of(first) not in wrong:
        yield "why there", f"it rests on {', '.join(wrong)}, where the mistake is made"
    explanation = first["explanation"] or "neither one nor two known mistakes explain it"
    headline = report["headline"]
    if explanation not in headline and not explanation.startswith(headline):
        yield "explained", explanation


def _rule(name: str, config: Json) -> str:
    """Says what a rule asks for, and of the last delta by which formula."""
    if name != "output":
        return RULES[name]
    end = output_of(config["output"], config["loss"]), config["loss"]
    return f"{RULES[name]}, {LOSSES[end].slope_formula}"


def _steps(one: Json) -> str:
    """Returns the sample step by step; empty where no step is known."""
    rows = rows_of(steps_of(one))
    if not rows:
        return ""
    marks = {"wrong": Cell("✗ wrong", "wrong")}
    return table(
        "Step by step",
        ["", "", Cell("theirs"), Cell("ours")],
        [
            [row.entry, marks.get(row.mark, row.mark), Cell(row.theirs), Cell(row.ours)]
            for row in rows
        ],
    )


def _values(one: Json) -> str:
    """Returns one entry as every implementation has it."""
    place = f"{entry(one['quantity'], one['index'])} of sample {one['sample']:,}, as each has it"
    return heading(place) + table(
        "One entry",
        ["", Cell("value"), Cell("in hex")],
        [[name, Cell(f"{had['value']}"), Cell(had["hex"])] for name, had in one["values"].items()],
    )
