"""What was compared, and with what: the head of a report."""

import math
from collections.abc import Mapping

from compare.formats.reading import Choice
from compare.report.labels import network_of, origin_of_samples, origin_of_weights, samples_of
from compare.report.text.engines import rows_of_engines
from compare.report.text.lines import wrapped
from compare.results import Report


def format_header(report: Report, letters: Mapping[str, str], *, width: int) -> str:
    """Returns the network, the samples, who took part, how they computed, and versions."""
    config, versions = report.config, report.environment["versions"]
    parameters = sum(math.prod(one.shape) for one in report.pairs[0].parameters)
    rows = [
        ("network", f"{network_of(config)}, {parameters:,} parameters, {_weights(report)}"),
        ("samples", f"{samples_of(config)} at batch size 1, {origin_of_samples(config)}"),
    ]
    for i, one in enumerate(report.implementations):
        where = f"on {one.device}" if one.source is None else f"from {one.source}{_read(one.read)}"
        text = f"{letters[one.name]} {one.name}, {one.dtype} {where}"
        rows.append(("" if i else "compared", text))
    rows += rows_of_engines(report, letters)
    rows.append(("versions", ", ".join(f"{name} {known}" for name, known in versions.items())))
    return "\n".join(wrapped(f"{label:<10}{text}", width, indent=10) for label, text in rows)


def _weights(report: Report) -> str:
    config = report.config
    drawn = config["params"] is None and config["init"]
    return f"{'init' if drawn else 'weights'} {origin_of_weights(config)}{_read(report.weights)}"


def _read(choice: Choice | None) -> str:
    return "" if choice is None else f", read as {choice.reading.words}"
