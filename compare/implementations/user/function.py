"""A user's own backward as an implementation."""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.implementations.base import Implementation
from compare.implementations.user.call import Backward, Call
from compare.implementations.user.calling import Calling
from compare.implementations.user.of_batches import read_of_batch
from compare.implementations.user.params_form import PairsForm, ParamsForm, TreeForm
from compare.implementations.user.returned import read_returned
from compare.implementations.user.updates import (
    check_moved,
    gradients_of_update,
    with_hidden_digits,
)
from compare.problem.answers import Answer, of_one_batch
from compare.problem.batches import batch_words
from compare.problem.blocks import Block
from jaxmlp.base import Batch, Grads, Layer, Params


class Returns(NamedTuple):
    """What a function is to return."""

    rate: float | None = None  # of the step of gradient descent, if it updates weights
    biases: Sequence[bool] = ()  # whether each layer has one; () if all have
    l2: float = 0.0  # lambda of the penalty
    reduction: str | None = None  # 'mean' or 'sum' if it returns the gradient of a batch


def candidate(
    name: str,
    source: str,
    backward: Backward,
    params: Params,
    calling: Calling,
    returns: Returns = Returns(),  # noqa: B008 (nobody changes it)
    *,
    tree: TreeForm | None = None,
) -> Implementation:
    """Wraps a function of one sample, of many if it is called so, or of a batch.

    Every call gets copies of its own, and whether they were changed is checked. The first answer is
    kept until it is asked for again: a function that adds up what it returns is called no more
    often than without a first call.

    Args:
      name: for reports.
      source: where it comes from, for reports and errors.
      backward: takes ([(w, b), ...], x [d], y [k]) and returns [(dw, db), ...]; if batched, x is
        [N, d], y is [N, k] and what it returns has a leading N. One of a batch takes those too, and
        is asked for every sample alone as well.
      params: NumPy weights.
      calling: what it is given.
      returns: what it returns.
      tree: that it takes in the place of a list of (w, b), in a layout of its own.

    Raises:
      UsageError: from `evaluate` and `reduced`, if the function raises, changes its arguments, or
        returns anything but gradients.
    """
    form: ParamsForm = tree or PairsForm(calling.layout)
    where, updates = f"candidate {source}", returns.rate is not None
    call = Call(backward, form, params, calling.candidate_arrays, where, updates=updates)
    batched = calling.candidate_batched
    function = _Function(call, _reader(form, params, returns), params, returns, batched=batched)
    return Implementation(
        name,
        "cpu",
        function.evaluate,
        source=source,
        reduced=None if returns.reduction is None else function.reduced,
    )


def _reader(form: ParamsForm, params: Params, returns: Returns) -> Callable[..., Grads]:
    """Returns what reads what a function returns; it is told n and where."""
    return functools.partial(
        read_returned,
        params=params,
        layout=form.layout,
        weights=form.weights,
        updated=returns.rate is not None,
        biases=returns.biases,
    )


class _Function:
    """A function, and what is known of it from its calls."""

    def __init__(
        self,
        call: Call,
        read: Callable[..., Grads],
        params: Params,
        returns: Returns,
        *,
        batched: bool,
    ) -> None:
        self._call, self._read, self._params, self._batched = call, read, params, batched
        self._rate, _, self._l2, self._reduction = returns
        self._halves: set[str] = set()  # the dtypes of two bytes that it has returned
        self._kept: dict[str, Grads] = {}  # its first answers, by their samples
        self._to_keep = 1 if self._reduction is None else 2
        self._has_moved = False  # whether its weights have been seen to be others than before

    def evaluate(self, block: Block) -> Answer:
        """Answers for single samples."""
        first, n = block.start, block.size
        if self._batched:
            grads = self._answer(*block.batch, f"samples {first} to {first + n - 1}", n)
        else:
            x, y = (np.expand_dims(one, 1) if self._reduction else one for one in block.batch)
            samples = enumerate(zip(x, y, strict=True), start=first)
            grads = _stacked([self._answer(*one, f"sample {i}", None) for i, one in samples])
        return self._known(Answer(grads))

    def reduced(self, start: int, batch: Batch, kind: str) -> Answer:
        """Answers for one batch."""
        del kind  # it is what the function computes
        grads = self._answer(*batch, f"the {batch_words(start, len(batch.x))}", None)
        return self._known(of_one_batch(grads), len(batch.x))

    def _answer(self, x: np.ndarray, y: np.ndarray, samples: str, n: int | None) -> Grads:
        """Returns what the function makes of some samples, called for them or kept."""
        if samples in self._kept:
            return self._kept.pop(samples)
        grads = self._called(x, y, samples, n)
        if self._to_keep:
            self._to_keep -= 1
            self._kept[samples] = grads
        return grads

    def _called(self, x: np.ndarray, y: np.ndarray, samples: str, n: int | None) -> Grads:
        where = self._call.where if self._batched else f"{self._call.where}, {samples}"
        read = functools.partial(self._read, n=n, where=where)
        if self._reduction is not None:
            read = functools.partial(
                read_of_batch, read=read, reduction=self._reduction, size=len(x)
            )
        found = self._call(x, y, samples, read)
        self._check_dtype(found, where)
        if self._rate is not None and not self._has_moved:
            check_moved(found, self._params, where)
            self._has_moved = True
        return found

    def _check_dtype(self, grads: Grads, where: str) -> None:
        """Checks that a function does not return bfloat16 here and float16 there.

        Raises:
          UsageError: if it does.
        """
        halves = self._halves
        halves.update(leaf.dtype.name for layer in grads for leaf in layer if leaf.itemsize == 2)
        if len(halves) > 1:
            raise UsageError(
                f"{where}: expected gradients of one dtype, got {' and '.join(sorted(halves))} in "
                "different samples; return the same for all"
            )

    def _known(self, found: Answer, n: int = 1) -> Answer:
        """Returns gradients, with what a step hides of them that may be one for each of n samples.

        A penalty may be another step of its own.
        """
        if self._rate is None:
            return with_hidden_digits(found, self._params, self._l2)
        steps = n + bool(self._l2)
        shown = gradients_of_update(found.grads, self._params, self._rate, steps=steps)
        return found._replace(grads=shown.grads, printed=shown.printed, rate=self._rate)


def _stacked(found: list[Grads]) -> Grads:
    return tuple(
        Layer(*(np.stack(leaves) for leaves in zip(*layer, strict=True)))
        for layer in zip(*found, strict=True)
    )
