"""The engines of a run, probed: how each multiplies the matrices of this network."""

from collections.abc import Mapping, Sequence

from compare import results as report
from compare.evidence.rounding.probes import ProbeResult, probe
from compare.implementations.base import Computation, Engine, Implementation
from compare.problem.blocks import block_size
from compare.problem.problem import Problem


def probe_engines(
    taking_part: Sequence[Implementation], problem: Problem
) -> dict[Engine, ProbeResult]:
    """Probes each engine once, at the shapes that its implementations will use."""
    engines = dict.fromkeys(one.engine for one in taking_part if one.engine is not None)
    sizes = problem.layer_sizes
    return {
        engine: probe(engine.multiply, sizes, problem.dtype, samples=block_size(problem))
        for engine in engines
    }


def computations_of(
    taking_part: Sequence[Implementation], probed: Mapping[Engine, ProbeResult]
) -> dict[str, Computation]:
    """Says by what formula and arithmetic each implementation is to be judged."""
    return {
        one.name: Computation(one.formula, probed[one.engine].arithmetic if one.engine else None)
        for one in taking_part
    }


def engines_of(
    taking_part: Sequence[Implementation], probed: Mapping[Engine, ProbeResult]
) -> tuple[report.ProbedEngine, ...]:
    """Says what is known of every engine; asked at the end, it knows how much memory was used."""
    return tuple(
        report.ProbedEngine(
            engine.framework,
            engine.device,
            tuple(one.name for one in taking_part if one.engine is engine),
            found,
            engine.peak_bytes(),
        )
        for engine, found in probed.items()
    )
