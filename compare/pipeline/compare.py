"""Problem -> implementations -> evidence, a block at a time, and the report of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from compare.catalogue import IMPLEMENTATIONS
from compare.errors import UsageError
from compare.formats.reading import Choice
from compare.implementations.base import Implementation
from compare.implementations.baseline import Baseline
from compare.implementations.devices import implementations_of
from compare.implementations.probe import computations_of, probe_engines
from compare.options.config import Config
from compare.pipeline.collect import Collection, Findings
from compare.pipeline.conclusion import report_of
from compare.pipeline.kinds.base import Run
from compare.pipeline.schedule import Examination, block_answerer, examine_blocks
from compare.problem.answers import Answer
from compare.problem.batches import reduction_of
from compare.problem.blocks import Block, block_size, block_start
from compare.problem.problem import Problem
from compare.results import Report

_COMPILED_FROM = 5  # blocks; with fewer, compiling evidence costs more than it saves


class Recorder(Protocol):
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
    weights: Choice | None = None,
    doubt: str | None = None,
    seed: int = 0,
    baseline: Baseline | None = None,
    on_block: Sink | None = None,
) -> Report:
    """Compares the gradients of a problem.

    Args:
      problem: weights and samples.
      config: names the implementations; its layer sizes and samples are filled in.
      brought: a user's own implementations, which come after them.
      weights: how the weights were read, if somebody brought them.
      doubt: what to say of an order of layers that nothing has decided.
      seed: used where the config has none.
      baseline: an earlier run to hold this one against.
      on_block: called with (first sample, implementation -> Answer) for each block, in order.

    Raises:
      UsageError: if a device cannot be had or there is no such sample.
    """
    options: dict[str, Any] = {"brought": brought, "seed": seed, "baseline": baseline}
    examined = examine_problem(problem, config, on_block=on_block, **options)
    return report_of(examined, weights=weights, doubt=doubt)


def examine_problem(
    problem: Problem,
    config: Config,
    *,
    brought: Sequence[Implementation] = (),
    seed: int = 0,
    baseline: Baseline | None = None,
    on_block: Sink | None = None,
    journal: Recorder | None = None,
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
    examined = _examination(problem, config, brought, seed=seed, baseline=baseline)
    samples, taking_part, evidence = examined.run.samples, examined.taking_part, examined.evidence
    starts = range(block_start(problem, samples[0]), samples[-1] + 1, block_size(problem))
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


def _examination(
    problem: Problem,
    config: Config,
    brought: Sequence[Implementation],
    *,
    seed: int,
    baseline: Baseline | None,
) -> Examination:
    """Returns who takes part, how their engines multiply, and room for the evidence."""
    config = problem.complete_config(config)
    taking_part = [*implementations_of(problem, config), *brought]
    of_batches = tuple(one for one in taking_part if one.answers_of != "samples")
    taking_part = [one for one in taking_part if one.answers_of == "samples"]
    _check_comparable(taking_part, of_batches)
    probed = probe_engines(taking_part, problem)
    samples = range(problem.n_samples)
    if config.only_sample is not None:
        samples = samples[config.only_sample : config.only_sample + 1]
    run = Run(
        problem,
        tuple(one.name for one in taking_part),
        samples,
        layout=problem.layout,
        seed=seed if config.seed is None else config.seed,
        witness=config.witness,
        repeats=config.repeats,
        baseline=baseline,
        computations=computations_of(taking_part, probed),
        reduction=reduction_of(config, problem),
        of_batches=of_batches,
    )
    evidence = Collection(run)
    everyone = [*taking_part, *evidence.also_answering(taking_part)]
    return Examination(
        run, config, taking_part, probed, everyone, evidence, block_answerer(problem, everyone)
    )


def _check_comparable(
    taking_part: Sequence[Implementation], of_batches: Sequence[Implementation]
) -> None:
    """Checks that two can be compared sample by sample.

    Raises:
      UsageError: if too many know the gradients of batches alone.
    """
    if len(taking_part) < 2:
        known = ", ".join(one.name for one in of_batches)
        raise UsageError(
            f"implementations: expected two that answer for single samples, got {len(taking_part)} "
            f"beside {known}, of which gradients of batches alone are known; add some of "
            f"{', '.join(IMPLEMENTATIONS)}"
        )
