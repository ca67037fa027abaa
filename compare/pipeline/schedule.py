"""The order of work: blocks are answered one after another and examined in parallel."""

import functools
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from compare.evidence.rounding.probes import ProbeResult
from compare.implementations.base import Engine, Implementation
from compare.options.config import Config
from compare.pipeline.collect import Collection, Findings
from compare.pipeline.kinds.base import AnswerBlock, Run
from compare.problem.answer_matrix import pack
from compare.problem.answers import Answer, without_missing_biases
from compare.problem.blocks import Block, block_at, block_size
from compare.problem.memory import fitting_blocks
from compare.problem.problem import Problem


class Examination(NamedTuple):
    """A run, the implementations that answer its blocks, and the evidence so far."""

    run: Run
    config: Config
    taking_part: Sequence[Implementation]
    probed: Mapping[Engine, ProbeResult]
    everyone: Sequence[Implementation]  # those, their repeats and the baseline
    evidence: Collection
    answer_block: AnswerBlock

    def answer_again(self, start: int) -> dict[str, Answer]:
        """Returns the answers to the block at a start, of those who take part."""
        _, answers = self.answer_block(start)
        return {one.name: answers[one.name] for one in self.taking_part}


def examine_blocks(
    examined: Examination, starts: Sequence[int], *, compiled: bool
) -> Iterator[tuple[Block, Mapping[str, Answer], Findings]]:
    """Yields blocks in order, their answers and what was found of them.

    Blocks are answered one after another, since a user's code may not be thread-safe. Meanwhile
    those that have been answered are examined in threads: NumPy and XLA release Python's lock.
    """
    waiting: deque[tuple[Block, Mapping[str, Answer], Future[Findings]]] = deque()
    problem = examined.run.problem
    fitting = fitting_blocks(block_size(problem) * problem.network.parameter_count)
    workers = max(1, min(os.cpu_count() or 1, len(starts), fitting))
    pool = ThreadPoolExecutor(workers)
    try:
        for block, answers in _answer_blocks(examined, starts):
            found = pool.submit(examined.evidence.examine, block, answers, compiled=compiled)
            block, answers = examined.run.part_of(block, answers)
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
    examined: Examination, starts: Sequence[int]
) -> Iterator[tuple[Block, Mapping[str, Answer]]]:
    """Yields blocks and answers in order; of several devices, each computes a block."""
    everyone, problem = examined.everyone, examined.run.problem
    at_once = max(one.at_once for one in everyone)
    if at_once == 1:
        yield from map(examined.answer_block, starts)
        return
    with ThreadPoolExecutor(at_once) as pool:
        for first in range(0, len(starts), at_once):
            group = starts[first : first + at_once]
            blocks = [block_at(problem, start) for start in group]
            begun = {
                (one.name, block.start): pool.submit(_answer, problem, one, block)
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
                        else _answer(problem, one, block)
                        for one in everyone
                    },
                )


def block_answerer(problem: Problem, everyone: Sequence[Implementation]) -> AnswerBlock:
    """Returns a function that answers the block at a start, and keeps the last one."""

    @functools.lru_cache(maxsize=1)
    def answer_block(start: int) -> tuple[Block, Mapping[str, Answer]]:
        block = block_at(problem, start)
        return block, {one.name: _answer(problem, one, block) for one in everyone}

    return answer_block


def _answer(problem: Problem, implementation: Implementation, block: Block) -> Answer:
    return pack(without_missing_biases(implementation.evaluate(block), problem.network))
