"""The report as tables for a terminal, in 80 columns for all but absurd shapes."""

import itertools
import math
import string
import textwrap
from collections.abc import Iterator
from typing import Any

from compare.evidence.differences.digits import DECIMALS, SIGNIFICANT
from compare.evidence.differences.pairs import Pair
from compare.report.engines import rows_of_engines
from compare.report.text.change import format_change
from compare.report.text.colours import Paint, painted, plainly
from compare.report.text.histogram import format_histograms
from compare.report.text.matrix import format_matrix
from compare.report.text.trace import format_trace
from compare.report.text.values import format_values, short_name
from compare.results import Located, Report, worst_of

_METRICS = {"max_abs": "max abs", "max_rel": "max rel", "max_ulp": "max ulp"}


def format_report(
    report: Report, *, width: int = 80, verbose: bool = False, colours: bool = False
) -> str:
    """Returns the whole report; long lines and traces are broken at `width`.

    Args:
      report: what was found.
      width: of a line.
      verbose: whether to show histograms too.
      colours: whether to colour the verdict and what failed, for a terminal.
    """
    paint = painted if colours else plainly
    parts = [_header(report, width), format_matrix(report, _letters(report))]
    parts += [
        _parameter_table(report, width),
        _pair_table(report),
        _certificate_table(report, width, paint),
    ]
    if verbose:
        parts.append(format_histograms(report.pairs, _letters(report), width=width))
    if report.trace is not None:
        parts.append(format_trace(report.trace, width=width))
    if report.change is not None:
        parts.append(format_change(report.change, width=width))
    parts += ["\n".join(_notes(report, width)), format_values(report.values, _letters(report))]
    said = _wrap(f"{report.verdict}: {report.reason}.", width)
    kind = "good" if report.verdict == "agree" else "bad"
    parts.append(paint(report.verdict, kind) + said.removeprefix(report.verdict))
    if report.reproduce is not None:
        parts.append(f"To compute that sample again, to the same bits:\n{report.reproduce}")
    return "\n\n".join(part for part in parts if part)


def _header(report: Report, width: int) -> str:
    config, versions = report.config, report.environment["versions"]
    parameters = sum(math.prod(c.shape) for c in report.pairs[0].parameters)
    network = f"{'-'.join(map(str, config['layer_sizes']))} {config['activation']}"
    rows = [
        ("network", f"{network}, {parameters:,} parameters, {_weights(config)}"),
        ("samples", f"{_how_many(config)} at batch size 1, {_samples(config)}"),
    ]
    for one in report.implementations:
        where = f"on {one.device}" if one.source is None else f"from {one.source}"
        text = f"{_letters(report)[one.name]} {one.name}, {one.dtype} {where}"
        rows.append(("compared" if len(rows) == 2 else "", text))
    rows += rows_of_engines(report, _letters(report))
    rows.append(("versions", ", ".join(f"{k} {v}" for k, v in versions.items())))
    return "\n".join(_wrap(f"{label:<10}{text}", width, indent=10) for label, text in rows)


def _weights(config: dict[str, Any]) -> str:
    if config["params"] is not None:
        return f"weights from {config['params']}"
    return f"init {config['init']}, seed {config['seed']}" if config["init"] else "weights as given"


def _how_many(config: dict[str, Any]) -> str:
    number = config["only_sample"]
    total = f"{config['samples']:,}"
    return total if number is None else f"number {number} of {total}"


def _samples(config: dict[str, Any]) -> str:
    if config["data"] is not None:
        return f"from {config['data']}"
    return f"U[0,1], seed {config['seed']}" if config["seed"] is not None else "as given"


def _parameter_table(report: Report, width: int) -> str:
    """One row for each parameter, the prediction and the loss: the worst of all pairs."""
    layout = report.config["layout"]
    rows = [
        f"The largest differences between any two, at sample[index], layout {layout}",
        "",
        f"{'':<4} {'shape':<9} {'max abs':>7} {'at':<17}{'max rel':>7} {'at':<17}"
        f"{'scaled':>7} {'bound':>7}",
    ]
    for comparison in max((pair.quantities for pair in report.pairs), key=len):
        name = comparison.name
        scaled = [c.scaled for p in report.pairs for c in p.quantities if c.name == name]
        largest = max((s for s in scaled if s is not None), default=None)
        bounds = [b for p in report.pairs for b in p.bounds if b.name == name]
        worst = {metric: worst_of(report.pairs, metric, name) for metric in _METRICS}
        cells = [
            f"{_value(worst[metric]):>7} {_place(worst[metric], report):<17}"
            for metric in ("max_abs", "max_rel")
        ]
        used = f"{max(b.worst_ratio for b in bounds):.2g}" if bounds else ""
        shape = "x".join(map(str, comparison.shape)) or "1"
        rows.append(
            f"{short_name(name):<4} {shape:<9} {''.join(cells)}"
            f"{_number(largest):>7} {used:>7}".rstrip()
        )
    rows.append("")
    for metric in ("max_abs", "max_rel"):
        located = worst_of(report.pairs, metric)
        if located is not None:
            index = ",".join(map(str, located.worst.index))
            where = f"{located.quantity}[{index}] of sample {located.worst.sample}"
            said = (
                f"overall {_METRICS[metric]} {located.worst.value:.3e} at {where}, "
                f"{' ~ '.join(located.pair)}"
            )
            rows.append(_wrap(said, width))
    return "\n".join(rows)


def _pair_table(report: Report) -> str:
    """One row for each pair: its largest errors, and the share of samples that agree to digits."""
    digits = f"{SIGNIFICANT} digits", f"{DECIMALS} decimals"
    rows = [
        f"{'':<57}{'samples that agree to'}",
        f"{'':<57}{digits[0]:<12}{digits[1]}",
        f"{'':<34}{'max abs':>7} {'max rel':>7} {'ulp':>6}" + " |a-b|  text" * 2,
    ]
    for pair in report.pairs:
        letters = _pair_of_letters(pair, report)
        worst = [_value(worst_of([pair], metric)) for metric in _METRICS]
        errors = f"{worst[0]:>7} {worst[1]:>7} {worst[2]:>6}"
        shares = " ".join(
            f"{_percent(agreement.samples_agreeing, agreement.samples):>5}"
            for agreement in pair.digits
        )
        names = f"{pair.a} ~ {pair.b}"
        if len(names) > 29:  # the letters will do
            names = ""
        rows.append(f"{letters} {names:<29} {errors} {shares}")
    return "\n".join(rows)


def _certificate_table(report: Report, width: int, paint: Paint) -> str:
    """One row for each implementation: what its own gradients prove, and a witness's word."""
    column = max(18, *(len(one.name) + 3 for one in report.implementations if "@" in one.name), 0)
    rows = [
        f"{'':<{column}}{'certified':>10}{'failed':>8}{'silent':>8}{'at kink':>9}{'tightest':>10}"
        f"{'witness':>10}"
    ]
    for one in report.implementations:
        found = one.certificate
        errors = [error.scaled for error in report.witness if error.implementation == one.name]
        known = [error for error in errors if error is not None]
        tightest = "-" if found.worst_ratio is None else _ratio(found.worst_ratio)
        witness = _number(max(known, default=None))
        name = f"{_letters(report)[one.name]} {one.name}"
        failed = paint(f"{found.failed:>8}", "bad") if found.failed else f"{0:>8}"
        rows.append(
            f"{name:<{column}}{found.certified:>10}{failed}"
            f"{found.silent:>8}{found.at_kink:>9}{tightest:>10}{witness:>10}"
        )
    return "\n".join([*rows, *_detectable(report, width), *_peers(report, width)])


def _detectable(report: Report, width: int) -> list[str]:
    """Says what change of one entry no implementation could have hidden."""
    known = [one.detectable_ulp for one in report.implementations if one.detectable_ulp]
    if not known:
        return []
    largest = {name: max(found[name] for found in known) for name in known[0]}
    each = ", ".join(f"{name} {_ulps(ulp)}" for name, ulp in largest.items())
    said = f"In the first samples a change of any one entry is seen from so many ulp on: {each}."
    return ["", _wrap(said, width)]


def _peers(report: Report, width: int) -> list[str]:
    """Says what fixed rules would have said of the pair that breaks each most."""
    said = []
    for rule in report.pairs[0].peers.breaking:
        most = max(pair.peers.breaking[rule] for pair in report.pairs)
        said.append(f"{rule} {f'fails in {most:,} entries' if most else 'passes'}")
    rtol = max(pair.peers.smallest_rtol for pair in report.pairs)
    atol = max(pair.peers.smallest_atol for pair in report.pairs)
    least = f"it would take rtol {_number(rtol)} or atol {_number(atol)}"
    return ["", _wrap(f"By fixed rules, in the worst pair: {', '.join(said)}; {least}.", width)]


def _ulps(ulp: float) -> str:
    if not ulp:
        return "-"
    return f"{ulp:.0f}" if ulp < 1e5 else f"{ulp:.0e}"


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 1e3 else f"{ratio:.0e}"


def _notes(report: Report, width: int) -> list[str]:
    """Says where entries were not measured, and why."""
    notes = [f"Warning: {warning}." for warning in report.warnings]
    if report.config["witness"] and not report.witness:
        notes.append("No witness: the network has too many parameters for a forward pass of each.")
    of_pairs: dict[str, list[str]] = {}  # the same is often true of several
    for pair in report.pairs:
        for note in _notes_of(pair):
            of_pairs.setdefault(note, []).append(_pair_of_letters(pair, report))
    notes += [f"{', '.join(pairs)}: {note}" for note, pairs in of_pairs.items()]
    return [_wrap(note, width) for note in notes]


def _notes_of(pair: Pair) -> Iterator[str]:
    """Says how many entries of a pair were not measured, and why."""
    differ = sum(c.nonfinite_differ for c in pair.quantities)
    same = sum(c.nonfinite_same for c in pair.quantities)
    if differ or same:
        yield (
            f"{differ} entries are finite on one side only, or infinite with opposite signs; "
            f"{same} are not finite on both sides."
        )
    negligible = sum(c.negligible for c in pair.parameters)
    if negligible:
        yield (
            f"{negligible} entries are below the smallest normal {pair.dtype} on both sides, where "
            "numbers have few bits or are flushed to zero; they have no relative error."
        )


def _pair_of_letters(pair: Pair, report: Report) -> str:
    letters = _letters(report)
    return f"{letters[pair.a]}~{letters[pair.b]}"


def _letters(report: Report) -> dict[str, str]:
    """A, B, ... Z, AA, AB, ...: short for names."""
    one = string.ascii_uppercase
    letters = itertools.chain(one, map("".join, itertools.product(one, one)))
    return {
        known.name: letter for known, letter in zip(report.implementations, letters, strict=False)
    }


def _place(located: Located | None, report: Report) -> str:
    if located is None or not located.worst.value:
        return ""
    index = f"[{','.join(map(str, located.worst.index))}]" if located.worst.index else ""
    pair = "~".join(_letters(report)[name] for name in located.pair)
    return f"{located.worst.sample}{index} {pair}"


def _value(located: Located | None) -> str:
    return _number(located.worst.value if located else None)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value) if value < 10**6 else f"{value:.0e}"
    return f"{value:.1e}" if value else "0"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part // whole}%"  # rounded down: only all are 100%


def _wrap(text: str, width: int, *, indent: int = 0) -> str:
    return textwrap.fill(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)
