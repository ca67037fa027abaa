"""The first call of what a user brings, before anything is set up for a run.

What it does not take, or should not return, is told at once and not after a framework has started,
with the options under which it does return gradients: those were tried.
"""

import contextlib
import io
import itertools
import operator
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from compare.catalogue import CANDIDATE_ARRAYS, LAYOUTS, REDUCTIONS
from compare.errors import UsageError
from compare.formats.read.gradients.shapes import OneGradientError
from compare.implementations.base import Implementation
from compare.implementations.reduced import of_batches_alone
from compare.implementations.user.batch_counts import counts_otherwise
from compare.implementations.user.calling import Calling
from compare.implementations.user.sandbox import with_advice
from compare.options.wording import Wording
from compare.problem.answers import Answer
from compare.problem.batches import Reduction
from compare.problem.blocks import Block, block_at, block_start
from compare.problem.problem import Problem
from jaxmlp.base import Batch

# calls what somebody brings; returns what it then is, or raises UsageError
FirstUse = Callable[[Implementation], Implementation]

_MOST_SECONDS = 3.0  # after a first call that fails: no other way to call is begun then


class FirstCall(NamedTuple):
    """What a first call is made with, and how options are told."""

    problem: Problem
    sample: int | None  # the only one that is asked for, if one is
    wording: Wording
    layout_is_free: bool  # whether another layout would change nothing but what a function is given
    layouts: tuple[str, ...] = LAYOUTS  # that are tried; a user's own tree has one
    reduction: Reduction | None = None  # of the losses of batches, if they are asked for

    def check(self, one: Implementation, *, batched: bool = False) -> Answer:
        """Evaluates the first sample, or the first block if that is taken as a whole.

        Raises:
          UsageError: if it raises, or returns anything but gradients.
        """
        start = block_start(self.problem, self.sample or 0)
        block = block_at(self.problem, start)
        if not batched:
            alone = Batch(block.batch.x[:1], block.batch.y[:1])
            block = Block(start, alone, alone)
        return one.evaluate(block)

    def check_module(self, one: Implementation) -> Implementation:
        """Evaluates the first sample, and the first batch if batches are asked for.

        Raises:
          UsageError: if its forward raises, or takes no such batch.
        """
        self.check(one)
        if self.reduction is not None:
            self._check_batch(one, self.reduction)
        return one

    def check_candidate(
        self, one: Implementation, *, make: Callable[[Calling], Implementation], calling: Calling
    ) -> Implementation:
        """Calls a function, and returns it, or what answers for batches alone if it has to.

        Args:
          one: the function, called in the way that the options say.
          make: makes it of another way to call the function.
          calling: the way that the options say. If it fails, others are tried.

        Raises:
          UsageError: if it fails; other options are named if it does not fail with them.
        """
        try:
            if self.reduction is not None:
                return self._check_reducing(one, self.reduction)
            self.check(one, batched=calling.candidate_batched)
            return one
        except UsageError as error:
            fault = error
        advice = self._advice(make, calling, fault)
        if advice is None:
            raise fault
        raise UsageError(with_advice(str(fault), advice)) from fault.__cause__

    def _check_reducing(self, one: Implementation, reduction: Reduction) -> Implementation:
        """Calls a function of batches on a batch, and on a sample alone; it may not take that.

        Raises:
          UsageError: if it does not take the batch, or returns no gradient of it.
        """
        batch, whole = self._check_batch(one, reduction)
        try:
            alone = self.check(one)
        except UsageError:
            return of_batches_alone(one, reduction)
        if counts_otherwise(alone, whole, batch, self.problem, reduction):
            return of_batches_alone(one, reduction)
        return one

    def _check_batch(self, one: Implementation, reduction: Reduction) -> tuple[Batch, Answer]:
        assert one.reduced is not None
        start = block_start(self.problem, self.sample or 0)
        first, batch = next(reduction.batches(block_at(self.problem, start)))
        return batch, one.reduced(first, batch, reduction.kind)

    def _advice(
        self,
        make: Callable[[Calling], Implementation],
        calling: Calling,
        fault: UsageError,
    ) -> str | None:
        """Says in which other way a function returns gradients, or at least does not raise."""
        calm, deadline = None, time.monotonic() + _MOST_SECONDS
        for way in _other_ways(calling, self.layouts, raised=_has_raised(fault)):
            if time.monotonic() > deadline:
                break
            if self.reduction is not None and way.candidate_batched:
                continue  # which is another thing to return
            try:
                with contextlib.redirect_stderr(io.StringIO()):  # it has said what it has to say
                    if self.reduction is not None:
                        self._check_reducing(make(way), self.reduction)
                    else:
                        self.check(make(way), batched=way.candidate_batched)
            except OneGradientError:
                return self._words_of_batch(calling, way)
            except UsageError as error:
                if calm is None and _has_raised(fault) and not _has_raised(error):
                    calm = way
            else:
                return f"it returns the expected shapes with {self._words(calling, way)}"
        return f"it does not raise with {self._words(calling, calm)}" if calm else None

    def _words_of_batch(self, calling: Calling, way: Calling) -> str:
        """Says that a function returns the gradient of a batch, and how to ask for that."""
        other = self._words(calling, way._replace(candidate_batched=calling.candidate_batched))
        ways = " or ".join(self.wording("reduction", kind) for kind in REDUCTIONS)
        returns = f"it returns one gradient of a whole batch{f' with {other}' if other else ''}"
        return f"{returns}: say of what by {ways}"

    def _words(self, calling: Calling, way: Calling) -> str:
        """Names what differs between two ways to call a function."""
        options = zip(Calling._fields, calling, way, strict=True)
        changed = {name: its for name, here, its in options if here != its}
        words = []
        if "layout" in changed:
            words = [f"{self.wording('layout', changed.pop('layout'))}"]
            if not self.layout_is_free:
                words = ["every w transposed"]
            w = self.problem.params[0].w
            words[0] += f" (w1 {list(w.shape if way.layout == 'in_out' else w.shape[::-1])})"
        words += [self.wording(name, value) for name, value in changed.items()]
        return " and ".join(words)


def _other_ways(calling: Calling, layouts: Sequence[str], *, raised: bool) -> Iterator[Calling]:
    """Yields other ways to call a function, with the fewest changes first.

    Frameworks that are not loaded are left out, and all others where a function has returned, which
    shows that it takes such arrays.
    """
    arrays = [
        kind
        for kind in CANDIDATE_ARRAYS
        if kind == calling.candidate_arrays or (raised and kind in sys.modules)
    ]
    ways = [Calling(*way) for way in itertools.product(layouts, arrays, (False, True))]
    for n in range(1, len(calling) + 1):
        yield from (way for way in ways if sum(map(operator.ne, way, calling)) == n)


def _has_raised(error: UsageError) -> bool:
    """Whether a user's code has raised, and not returned what is wrong."""
    return error.__cause__ is not None
