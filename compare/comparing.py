"""Problem -> implementations -> evidence -> verdict -> report, a block at a time."""

import dataclasses
import functools
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

import numpy as np

from compare import verdict
from compare.answers import Answer, take
from compare.baseline import Baseline
from compare.blocks import Block, block_at, block_size, block_start
from compare.command import reproducing_command
from compare.config import RUNNING, Config
from compare.environment import describe_environment
from compare.gathering import Evidence, Found
from compare.implementations import IMPLEMENTATIONS, Implementation
from compare.journal import Journal
from compare.pairing import Answered
from compare.problem import Problem
from compare.report import base as report
from compare.tracing import trace_sample
from compare.values import values_at, worst_places
from jaxmlp.base import Batch

_COMPILED_FROM = 5  # blocks; with fewer, compiling evidence costs more than it saves

Sink = Callable[[int, Mapping[str, Answer]], None]


class Examined(NamedTuple):
    """Blocks that have been examined, by whom, and what was found of them."""

    problem: Problem
    config: Config
    taking_part: Sequence[Implementation]
    evidence: Evidence
    answered: Answered


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
) -> Examined:
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
    taking_part = [
        *(
            IMPLEMENTATIONS[name](problem.params, problem.activation, config.device)
            for name in config.implementations
        ),
        *brought,
    ]
    samples = range(problem.n_samples)
    if config.only_sample is not None:
        samples = samples[config.only_sample : config.only_sample + 1]
    evidence = Evidence(
        problem,
        [one.name for one in taking_part],
        samples=samples,
        layout=config.layout,
        seed=seed if config.seed is None else config.seed,
        witness=config.witness,
        baseline=baseline,
    )
    examined = Examined(
        problem,
        config,
        taking_part,
        evidence,
        _answering(problem, [*taking_part, *evidence.earlier]),
    )
    starts = range(
        block_start(problem, samples[0]), samples[-1] + 1, block_size(problem.layer_sizes)
    )
    compiled = len(starts) >= _COMPILED_FROM
    if journal is not None:
        starts = journal.begin(starts, evidence)
    try:
        for block, answers, found in _examine_blocks(examined, starts, compiled=compiled):
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


def report_of(examined: Examined) -> report.Report:
    """Adds what can only be found at the end, and judges it all."""
    problem, config, taking_part, evidence, answered = examined
    evidence.finish(answered)
    trace = None
    if config.trace is not None:
        block, answers = answered(block_start(problem, config.trace))
        trace = trace_sample(taking_part, block, answers, config.trace, layout=config.layout)
    environment = describe_environment([one.device for one in taking_part])
    certificates = [evidence.certificates[one.name] for one in taking_part]
    change = evidence.change(environment["versions"])
    judged = verdict.decide(evidence.pairs, certificates, evidence.explanations, change)
    places = [] if judged.place is None else [judged.place]
    reproduce = None
    if config.only_sample is not None:
        places += worst_places(evidence.pairs)
    elif judged.place is not None:
        reproduce = reproducing_command(config, judged.place.sample)
    values = []
    for place in dict.fromkeys(places):
        block, answers = answered(block_start(problem, place.sample))
        row = place.sample - block.start
        values.append(values_at(place, row, answers, layout=config.layout))
    return report.Report(
        verdict=judged.verdict,
        reason=judged.reason,
        warnings=judged.warnings,
        rule=verdict.RULE,
        config={k: v for k, v in dataclasses.asdict(config).items() if k not in RUNNING},
        environment=environment,
        implementations=tuple(
            report.Implementation(
                one.name,
                evidence.certificates[one.name].dtype,
                one.device,
                one.source,
                evidence.certificates[one.name],
                evidence.explanations.get(one.name),
                evidence.detectable.get(one.name),
            )
            for one in taking_part
        ),
        pairs=tuple(evidence.pairs),
        witness=tuple(evidence.witness),
        trace=trace,
        values=tuple(values),
        change=change,
        reproduce=reproduce,
    )


def _examine_blocks(
    examined: Examined, starts: Sequence[int], *, compiled: bool
) -> Iterator[tuple[Block, Mapping[str, Answer], Found]]:
    """Yields blocks in order, their answers and what was found of them.

    Answers come one block after another, since a user's code may be among them. Meanwhile blocks
    that have been answered are examined in threads, which NumPy and XLA let compute side by side.
    """
    waiting: deque[tuple[Block, Mapping[str, Answer], Future[Found]]] = deque()
    workers = max(1, min(os.cpu_count() or 1, len(starts)))
    only_sample = examined.config.only_sample
    pool = ThreadPoolExecutor(workers)
    try:
        for block, answers in _answer_blocks(examined, starts):
            if only_sample is not None:
                block, answers = _only(only_sample, block, answers)
            found = pool.submit(examined.evidence.examine, block, answers, compiled=compiled)
            if block.start <= starts[0]:
                wait([found])  # so that it compiles once, and not in every thread
            waiting.append((block, answers, found))
            if len(waiting) > workers:
                block, answers, found = waiting.popleft()
                yield block, answers, found.result()
        for block, answers, found in waiting:
            yield block, answers, found.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _answer_blocks(
    examined: Examined, starts: Sequence[int]
) -> Iterator[tuple[Block, Mapping[str, Answer]]]:
    """Yields blocks and answers in order; where there are several devices, each computes one."""
    everyone = [*examined.taking_part, *examined.evidence.earlier]
    at_once = max(one.at_once for one in everyone)
    if at_once == 1:
        yield from map(examined.answered, starts)
        return
    with ThreadPoolExecutor(at_once) as pool:
        for first in range(0, len(starts), at_once):
            group = starts[first : first + at_once]
            blocks = [block_at(examined.problem, start) for start in group]
            begun = {
                (one.name, block.start): pool.submit(one.evaluate, block)
                for block in blocks
                for one in everyone
                if one.at_once > 1
            }
            for block in blocks:
                yield (
                    block,
                    {
                        one.name: begun[one.name, block.start].result()
                        if one.at_once > 1
                        else one.evaluate(block)
                        for one in everyone
                    },
                )


def _answering(problem: Problem, taking_part: Sequence[Implementation]) -> Answered:
    """Returns what gives a block and every answer to it; the last one is kept."""

    @functools.lru_cache(maxsize=1)
    def answered(start: int) -> tuple[Block, Mapping[str, Answer]]:
        block = block_at(problem, start)
        return block, {one.name: one.evaluate(block) for one in taking_part}

    return answered


def _only(
    sample: int, block: Block, answers: Mapping[str, Answer]
) -> tuple[Block, Mapping[str, Answer]]:
    """Cuts one sample out of the block that it was computed in."""
    row = np.array([sample - block.start])
    alone = Block(sample, Batch(block.batch.x[row], block.batch.y[row]), block.padded)
    return alone, {name: take(answer, row) for name, answer in answers.items()}
