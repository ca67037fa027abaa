"""Problem -> implementations -> evidence -> verdict -> report, a block at a time."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from compare import results as report
from compare.implementations.base import Implementation
from compare.implementations.baseline import Baseline
from compare.implementations.devices import implementations_of
from compare.implementations.environment import describe_environment
from compare.implementations.probe import computations_of, engines_of, probe_engines
from compare.options.command import reproducing_command, whole_command
from compare.options.config import RUNNING, Config
from compare.pipeline.change import change_of
from compare.pipeline.collect import Collection, Findings
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.certificates import Certificates, Certification
from compare.pipeline.kinds.drift import BaselineDrift
from compare.pipeline.kinds.noise import RepeatNoise
from compare.pipeline.kinds.pairs import Pairs
from compare.pipeline.kinds.witness import Witness
from compare.pipeline.schedule import Examination, answering, examine_blocks
from compare.pipeline.trace import trace_sample
from compare.pipeline.values import values_at, worst_places
from compare.problem.answers import Answer
from compare.problem.blocks import Block, block_size, block_start
from compare.problem.problem import Problem
from compare.verdict import decide as verdict
from compare.verdict.circumstances import circumstances

_COMPILED_FROM = 5  # blocks; with fewer, compiling evidence costs more than it saves


class Journal(Protocol):
    """Keeps what is found, so that a run that ends early can go on."""

    samples: int  # done so far

    def begin(self, starts: range, evidence: Collection) -> range:
        """Adds what an earlier run has found; returns the blocks that are still to do."""

    def add(
        self, block: Block, answers: Mapping[str, Answer], found: Findings, evidence: Collection
    ) -> None:
        """Adds what was found of one more block to the evidence."""

    def save(self, evidence: Collection) -> None:
        """Saves all that was added."""


Sink = Callable[[int, Mapping[str, Answer]], None]


def compare_problem(
    problem: Problem,
    config: Config,
    *,
    brought: Sequence[Implementation] = (),
    seed: int = 0,
    on_block: Sink | None = None,
) -> report.Report:
    """Compares the gradients of a problem.

    Args:
      problem: weights and samples.
      config: names the implementations; its layer sizes and samples are filled in.
      brought: a user's own implementations, which come after them.
      seed: used where the config has none.
      on_block: called with (first sample, implementation -> Answer) for each block, in order.

    Raises:
      UsageError: if a device cannot be had or there is no such sample.
    """
    options: dict[str, Any] = {"brought": brought, "seed": seed, "on_block": on_block}
    return report_of(examine_problem(problem, config, **options))


def examine_problem(
    problem: Problem,
    config: Config,
    *,
    brought: Sequence[Implementation] = (),
    seed: int = 0,
    baseline: Baseline | None = None,
    on_block: Sink | None = None,
    journal: Journal | None = None,
) -> Examination:
    """Gathers the evidence for a report; arguments and errors as in `compare_problem`.

    Args:
      problem: weights and samples.
      config: names the implementations.
      brought: a user's own.
      seed: used where the config has none.
      baseline: an earlier run to hold this one against.
      on_block: called for each block.
      journal: says which blocks are this process's and are not done, and keeps what is found.

    Raises:
      KeyboardInterrupt: after what was done so far is saved, if there is a journal.
    """
    config = problem.describe(config)
    taking_part = [*implementations_of(problem, config), *brought]
    probed = probe_engines(taking_part, problem)
    samples = range(problem.n_samples)
    if config.only_sample is not None:
        samples = samples[config.only_sample : config.only_sample + 1]
    run = Run(
        problem,
        tuple(one.name for one in taking_part),
        samples,
        layout=config.layout,
        seed=seed if config.seed is None else config.seed,
        witness=config.witness,
        repeats=config.repeats,
        baseline=baseline,
        computations=computations_of(taking_part, probed),
    )
    evidence = Collection(run)
    everyone = [*taking_part, *evidence.also_answering(taking_part)]
    examined = Examination(
        run, config, taking_part, probed, everyone, evidence, answering(problem, everyone)
    )
    starts = range(
        block_start(problem, samples[0]), samples[-1] + 1, block_size(problem.layer_sizes)
    )
    compiled = len(starts) >= _COMPILED_FROM
    if journal is not None:
        starts = journal.begin(starts, evidence)
    try:
        for block, answers, found in examine_blocks(examined, starts, compiled=compiled):
            named = {one.name: answers[one.name] for one in taking_part}
            if journal is None:
                evidence.add(found)
            else:
                journal.add(block, named, found, evidence)
            if on_block is not None:
                on_block(block.start, named)
    except KeyboardInterrupt:
        if journal is not None and journal.samples:
            journal.save(evidence)
        raise
    return examined


def report_of(examined: Examination) -> report.Report:
    """Adds what can only be found at the end, and judges it all."""
    config, taking_part, evidence = examined.config, examined.taking_part, examined.evidence
    evidence.conclude(examined.answered)
    differences, noises = evidence.of(Pairs), evidence.of(RepeatNoise)
    certified = evidence.of(Certificates)
    certificates = {one.name: certified[one.name].certificate for one in taking_part}
    explanations = {name: one.explanation for name, one in certified.items()}
    environment = describe_environment(
        [one.device for one in taking_part], matmul_precision=config.matmul_precision
    )
    movement = evidence.of(BaselineDrift)
    change = change_of(examined.run, movement, certificates, environment["versions"])
    judged = verdict.decide(
        differences.pairs,
        list(certificates.values()),
        explanations,
        change,
        loss=examined.run.problem.network.loss,
    )
    places = [] if judged.place is None else [judged.place]
    reproduce = None
    if config.only_sample is not None:
        places += worst_places(differences.pairs)
    elif judged.place is not None:
        reproduce = reproducing_command(config, judged.place.sample)
    engines = engines_of(taking_part, examined.probed)
    return report.Report(
        verdict=judged.verdict,
        reason=judged.reason + circumstances(engines, noises, asked=config.matmul_precision),
        warnings=judged.warnings,
        rule=verdict.RULE,
        config={k: v for k, v in dataclasses.asdict(config).items() if k not in RUNNING},
        environment=environment,
        implementations=tuple(_described(one, certified[one.name]) for one in taking_part),
        engines=engines,
        noises=noises,
        pairs=differences.pairs,
        witness=evidence.of(Witness),
        trace=_traced(examined),
        values=tuple(_values(examined, place) for place in dict.fromkeys(places)),
        change=change,
        reproduce=reproduce,
        entries=differences.entries,
        command=whole_command(config),
    )


def _described(one: Implementation, found: Certification) -> report.Implementation:
    return report.Implementation(
        one.name,
        found.certificate.dtype,
        one.device,
        one.source,
        found.certificate,
        found.explanation,
        found.detectable,
    )


def _traced(examined: Examination) -> report.Trace | None:
    sample = examined.config.trace
    if sample is None:
        return None
    block, answers = examined.answered(block_start(examined.run.problem, sample))
    layout = examined.config.layout
    return trace_sample(examined.taking_part, block, answers, sample, layout=layout)


def _values(examined: Examination, place: verdict.Place) -> report.Values:
    """What everyone has at one place, now and in a baseline."""
    block, answers = examined.answered(block_start(examined.run.problem, place.sample))
    first_runs = {one.name: answers[one.name] for one in examined.everyone if not one.repeats}
    row = place.sample - block.start
    return values_at(place, row, first_runs, layout=examined.config.layout)
