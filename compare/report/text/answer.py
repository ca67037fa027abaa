"""The answer on a terminal: the verdict, what it is of, and three numbers."""

import math
from collections.abc import Iterator, Mapping

from compare.numbers import counted, entry, listed, number, share
from compare.report.labels import network_of, samples_of
from compare.report.text.colours import Paint
from compare.report.text.engines import told_of_engines
from compare.report.text.lines import wrapped
from compare.results import Maximum, Participant, Report, worst_of

MARKS = {"agree": "✓", "disagree": "✗", "undecided": "?"}
_COLUMN = 20  # of what stands beside a label
_MILLION = 10**6


def format_verdict(report: Report, *, width: int, paint: Paint) -> str:
    """Returns the verdict with its mark, and what is to be known of it, a sentence each."""
    head = f"{MARKS[report.verdict]} {report.verdict}"
    said = wrapped(f"{head}: {report.headline}.", width, indent=2)
    kind = "good" if report.verdict == "agree" else "bad"
    notes = [f"  - {one}." for one in report.remarks]
    notes += [f"  - warning: {one}." for one in report.warnings]
    return "\n".join(
        [
            paint(head, kind) + said.removeprefix(head),
            *(wrapped(one, width, indent=4) for one in notes),
        ]
    )


def format_numbers(report: Report, letters: Mapping[str, str], *, width: int) -> str:
    """Returns what was compared, who is right, and the three numbers with their places."""
    rows = [
        ("compared", _compared(report)),
        *_judged(report),
        ("largest difference", _largest(report)),
        ("digits that agree", _digits(report)),
        ("rounding used", _used(report)),
        *told_of_engines(report, letters),
    ]
    return "\n".join(
        wrapped(f"{label:<{_COLUMN}}{said}", width, indent=_COLUMN) for label, said in rows
    )


def _compared(report: Report) -> str:
    config, dtypes = report.config, {one.dtype: None for one in report.implementations}
    devices = [one.device for one in report.implementations if one.source is None]
    where = {"cpu" if one.startswith("cpu") else one: None for one in devices}
    on = f" on {listed(list(where))}" if where else ""
    samples = f"{samples_of(config)} sample{'' if config['samples'] == 1 else 's'}"
    return f"{network_of(config)}, {samples}, {listed(list(dtypes))}{on}"


def _judged(report: Report) -> Iterator[tuple[str, str]]:
    """Yields who is right by proof, who is wrong, and of whom nothing is known."""
    by_outcome: dict[str, list[Participant]] = {"right": [], "wrong": [], "unknown": []}
    checks = {} if report.batches is None else report.batches.checks
    batches = {name: check for name, check in checks.items() if check.failed}
    for one in report.implementations:
        certificate = one.certificate
        proved = "right" if certificate.certified > certificate.near else "unknown"
        if not (certificate.failed == 0 and one.name in batches):
            by_outcome["wrong" if certificate.failed else proved].append(one)
    said = (
        ("proved right", map(_right, by_outcome["right"])),
        ("wrong", map(_wrong, by_outcome["wrong"])),
        (
            "wrong in batches",
            (
                f"{name} (in {one.failed:,} of {counted(one.batches, 'batch', 'batches')})"
                for name, one in batches.items()
            ),
        ),
        ("not proved", (one.name for one in by_outcome["unknown"])),
    )
    yield from ((label, ", ".join(found)) for label, names in said if (found := list(names)))


def _right(one: Participant) -> str:
    found = one.certificate
    proved, total = found.certified - found.near, found.certified + found.silent
    return one.name if proved == total else f"{one.name} (in {proved:,} of {total:,} samples)"


def _wrong(one: Participant) -> str:
    found = one.certificate
    total = found.certified + found.failed + found.silent
    return f"{one.name} (in {found.failed:,} of {counted(total, 'sample')})"


def _largest(report: Report) -> str:
    """Says how far apart the two are that are furthest apart, in ulp and relatively."""
    ulp, rel = (worst_of(report.pairs, metric) for metric in ("max_ulp", "max_rel"))
    if ulp is None or rel is None:
        return "-"
    if not ulp.worst.value:
        return "none"
    pairs = [f", {' ~ '.join(found.pair)}" for found in (ulp, rel)]
    first = "" if pairs[0] == pairs[1] else pairs[0]
    return (
        f"{_steps(ulp.worst.value, report)}, at {_place(ulp)}{first}; "
        f"{number(rel.worst.value)} relative, at {_place(rel)}{pairs[1]}"
    )


def _steps(ulp: float, report: Report) -> str:
    """Says how many numbers of the dtype there are from the one to the other."""
    steps = f"{report.config['dtype']} step{'' if ulp == 1 else 's'} (ulp)"
    return f"{ulp:,.0f} {steps}" if ulp < _MILLION else f"over a million {steps}"


def _place(found: Maximum) -> str:
    return f"{entry(found.quantity, found.worst.index)} of sample {found.worst.sample:,}"


def _digits(report: Report) -> str:
    """Says to how many digits all entries agree: |a - b| is at most half of 10^-digits |larger|."""
    rel = worst_of(report.pairs, "max_rel")
    if rel is None:
        return "-"
    value = rel.worst.value
    if not value:
        return "all of them"
    digits = math.floor(-math.log10(2 * value)) if 0 < value < math.inf else 0
    return f"at least {digits}, in every entry" if digits > 0 else "none in some entries"


def _used(report: Report) -> str:
    used = report.usage
    if used is None:
        return "-"
    of = "" if used.ratio > 1 else "of "
    place = f"by the rule {used.what}, sample" if used.is_check else f"at {used.what} of sample"
    where = f"{place} {used.sample:,}, {used.who}"
    return f"{share(used.ratio)} {of}what {used.allowing}, {where}"
