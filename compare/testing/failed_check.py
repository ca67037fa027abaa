"""What a kernel got wrong, as lines of a message: which result and entry, and what is allowed."""

from collections.abc import Iterator, Sequence

from compare.evidence.local.check import Check
from compare.evidence.local.entries import FLOOR, TYPICAL
from compare.evidence.rounding.explanation import Explanation
from compare.numbers import counted, listed, number, ratio, subscript, told_apart
from compare.report.text.lines import wrapped
from compare.testing.message import WIDTH

_NAME = 36  # columns
_MOST_ROWS = 4
_BEFORE = {  # the name of a check, by its kind
    "forward": "value at ",
    "output": "",
    "statistic": "statistic ",
    "backward": "cotangent at ",
    "gradient": "gradient by ",
}


def failed(checks: Sequence[Check]) -> Check | None:
    """Returns the first check, in the order of the data, that fails: by proof, or else by scale."""
    by_proof = [one for one in checks if not one.holds]
    return next(iter(by_proof or [one for one in checks if not one.is_typical]), None)


def format_check(kernel: str, checks: Sequence[Check], one: Check, rounding: str) -> str:
    """Returns a table of all results, and of one of them the worst entry.

    Args:
      kernel: its name.
      checks: all outputs and gradients.
      one: the check that failed.
      rounding: which there is: 'rounding in float32'.
    """
    above = [*_table(checks, one), *_direction(checks)]
    return "\n".join([*above, "", *_entry(kernel, one, rounding)])


def format_sources(why: Explanation, most_lines: int) -> str:
    """Returns the lines of source that contribute most to the bound of an entry; '' for none."""
    lines = ["Most of what rounding may do there is done in"]
    for one in why.contributions:
        place = one.places[0]
        names = ", ".join([each.primitive for each in one.places])
        more = [f"  {one.share:4.0%}  {place}: {names}"]
        more += [f"        {place.text}"] if place.text else []
        if len(lines) + len(more) > most_lines:
            break
        lines += map(_cut, more)
    return "\n".join(lines) if len(lines) > 1 else ""


def name_of(one: Check) -> str:
    """Returns 'the output', 'the gradient by args[0]' or 'the cotangent at norm'."""
    return f"the {_BEFORE[one.kind]}{one.name}"


def _table(checks: Sequence[Check], one: Check) -> Iterator[str]:
    yield f"{'':{_NAME}}{'entries':>9}{'beyond':>8}{'of worst':>9}{f'{TYPICAL} typical':>10}"
    first = sorted(checks, key=lambda each: (each is not one, _holds(each)))[:_MOST_ROWS]
    for each in checks:
        if any(each is shown for shown in first):
            shares = "".join(f"{ratio(used, '.3g'):>9}" for used in (each.used, each.unlikely))
            yield f"{_short(name_of(each)):{_NAME}}{each.entries:>9,}{each.beyond:>8,}{shares}"
    if len(checks) > _MOST_ROWS:
        yield f"and {counted(len(checks) - _MOST_ROWS, 'result')} more"


def _direction(checks: Sequence[Check]) -> Iterator[str]:
    there = {_is_backward(one) for one in checks}
    failing = {_is_backward(one) for one in checks if not _holds(one)}
    if failing == {True, False}:
        yield "The forward fails, and so does the backward: mend the forward first."
    elif there == {True, False}:
        alone = "backward" if True in failing else "forward"
        yield f"All else holds: it is the {alone} alone."


def _is_backward(one: Check) -> bool:
    return one.kind in ("backward", "gradient")


def _entry(kernel: str, one: Check, rounding: str) -> Iterator[str]:
    where = f"Entry {subscript(one.index)} of {name_of(one)}" if one.index else name_of(one)
    inside = one.kind in ("forward", "backward") and one.sources
    where += f", made of {listed(one.sources)}" if inside else ""
    yield wrapped(where[0].upper() + where[1:], WIDTH)
    found, exact = told_apart(one.found, one.expected)
    if one.holds:
        part, bound = f"{TYPICAL} x {number(one.typical)}, the scale", TYPICAL * one.typical
    else:
        part, bound = f"{number(one.worst)}, the worst case", one.worst
    largest = f"{FLOOR} roundings of the largest entry, {one.largest:.3g}"
    told = {
        kernel: found,
        "exact": exact,
        "difference": number(abs(one.found - one.expected)),
        "allowed": f"{number(bound + one.floor)}: {part} of {rounding} there, and "
        f"{number(one.floor)}, {largest}",
    }
    width = max(map(len, told))
    for name, text in told.items():
        yield wrapped(f"  {name:{width}}  {text}", WIDTH, indent=width + 4)


def _holds(one: Check) -> bool:
    return one.holds and one.is_typical


def _short(name: str) -> str:
    name = name.removeprefix("the ")
    return name if len(name) < _NAME else f"...{name[4 - _NAME :]}"


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 4]} ..."
