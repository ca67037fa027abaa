"""What a parsed report.json says: who took part, what was compared, and what is wrong."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from compare.evidence.hypotheses.explanation import Figures, Step
from compare.numbers import finite, largest_ratio, share
from compare.problem.network import Network, make_network
from compare.report import labels

Json = Mapping[str, Any]


class Furthest(NamedTuple):
    """The largest value of a metric over pairs, and where it is."""

    value: float
    quantity: str
    sample: int
    place: tuple[int, ...]  # its index in the quantity
    pair: tuple[str, str]


def letters_of(report: Json) -> dict[str, str]:
    """Returns what implementations are called for short."""
    return labels.letters_for(one["name"] for one in report["implementations"])


def quantities(pair: Json, report: Json) -> list[Json]:
    """All that was compared in a pair: parameters, prediction and loss."""
    more = [
        one
        for kind in ("prediction", "loss")
        for one in report[kind]
        if (one["a"], one["b"]) == (pair["a"], pair["b"])
    ]
    return [*pair["parameters"], *more]


def network_in(report: Json) -> Network:
    """Returns the network that was compared; a layer without a bias has no b to compare."""
    config = report["config"]
    names = {one["name"] for pair in report["pairs"] for one in pair["parameters"]}
    end = {name: config[name] for name in ("output", "loss", "l2")}
    network = make_network(config["layer_sizes"], config["activation"], **end)
    biases = tuple(f"b{i}" in names for i in range(1, network.n_layers + 1))
    return dataclasses.replace(network, biases=() if all(biases) else biases)


def steps_of(one: Json) -> list[Step]:
    """Returns the steps of the first sample in which an implementation failed."""
    first = one["certificate"]["first_failure"]
    return [
        Step(
            Figures(
                step["quantity"],
                step["layer"],
                tuple(step["index"]),
                *finite([step["found"], step["expected"]]),
            ),
            step["holds"],
        )
        for step in (first["steps"] if first else ())
    ]


def quantity_of(finding: Json) -> str:
    """Returns the step that the rule of a finding is of, such as 'delta1'."""
    rule, layer = finding["rule"], finding["layer"]
    steps = {"input": "x", "activation": f"h{layer - 1}", "rank_one": f"dL/dw{layer}"}
    return steps.get(rule, f"delta{layer}")


def is_wrong(one: Json) -> bool:
    """Whether rounding does not explain a difference: over its bound, or finite on one side."""
    ratio = one["bound_ratio"]
    return bool(one["nonfinite_differ"]) or ratio is None or ratio > 1


def place_of(at: Json | None) -> str:
    """Returns '3 [0,2]' for sample 3, or nothing."""
    return "" if at is None else labels.place(at["sample"], at["index"])


def largest(one: Json, metric: str) -> tuple[float | None, Json | None]:
    """Returns the largest value of a metric in a comparison, and where it is.

    An entry that is not finite has no distance, which is NaN or infinite, and comes first.
    """
    first = one["first_nonfinite_at"]
    if first is None:
        return one[metric], one[f"{metric}_at"]
    return abs(float(first["a"]) - float(first["b"])), first


def furthest(pairs: Sequence[Json], metric: str) -> Furthest | None:
    """Finds the largest value of a metric over all parameters of pairs; None if none was measured.

    The first of equal ones; an entry that is not finite comes before all that are.
    """
    best: Furthest | None = None
    for pair in pairs:
        for one in pair["parameters"]:
            value, at = largest(one, metric)
            if value is None or at is None:
                continue
            if best is None or size_of(value) > size_of(best.value):
                names = (pair["a"], pair["b"])
                best = Furthest(value, one["name"], at["sample"], tuple(at["index"]), names)
    return best


def bound_used(ones: Sequence[Json]) -> str:
    """Says how much of its bound the largest distance uses; '-' where one has no distance."""
    if any(one["first_nonfinite_at"] is not None for one in ones):
        return "-"
    return share(largest_ratio([one["bound_ratio"] for one in ones]))


def size_of(value: float | None) -> float:
    """Returns what to order values of a metric by: NaN comes last, None first."""
    if value is None:
        return -1.0
    return math.inf if math.isnan(value) else value
