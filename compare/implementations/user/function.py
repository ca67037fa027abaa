"""A user's own backward as an implementation."""

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.implementations.base import PRECISE, Implementation
from compare.implementations.user.calling import Calling, call_words
from compare.implementations.user.of_batches import read_of_batch
from compare.implementations.user.params_form import PairsForm, ParamsForm, TreeForm
from compare.implementations.user.returned import is_loss, read_returned
from compare.implementations.user.sandbox import contained, errors_told
from compare.implementations.user.updates import (
    check_moved,
    gradients_of_update,
    with_hidden_digits,
)
from compare.problem.answers import Answer, of_one_batch
from compare.problem.batches import batch_words
from compare.problem.blocks import Block
from jaxmlp.base import Batch, Grads, Layer, Params

_UPDATES = (
    "or, if it takes a step of gradient descent, say so by --candidate_returns=update and "
    "--learning_rate"
)

Backward = Callable[..., Any]  # ([(w, b), ...], x, y) -> [(dw, db), ...]


def candidate(
    name: str,
    source: str,
    backward: Backward,
    params: Params,
    calling: Calling,
    *,
    keeps_first: bool = False,
    rate: float | None = None,
    tree: TreeForm | None = None,
    biases: Sequence[bool] = (),
    l2: float = 0.0,
    reduction: str | None = None,
) -> Implementation:
    """Wraps a function of one sample, of many if it is called so, or of a batch.

    Every call gets copies of its own, and whether they were changed is checked.

    Args:
      name: for reports.
      source: where it comes from, for reports and errors.
      backward: takes ([(w, b), ...], x [d], y [k]) and returns [(dw, db), ...]; if batched, x is
        [N, d], y is [N, k] and what it returns has a leading N.
      params: NumPy weights.
      calling: what it is given.
      keeps_first: whether the first answer is kept until it is asked for again. A function that
        adds up what it returns is then called no more often than without a first call.
      rate: of the step of gradient descent that it takes, if it updates weights and returns no
        gradients.
      biases: whether each layer has one; () if all have.
      l2: lambda of the penalty.
      tree: that it takes in the place of a list of (w, b), in a layout of its own.
      reduction: 'mean' or 'sum' if it takes x [N, d] and y [N, k] and returns the gradient of a
        batch, which is asked for every sample alone too.

    Raises:
      UsageError: from `evaluate` and `reduced`, if the function raises, changes its arguments, or
        returns anything but gradients.
    """
    layout, arrays, batched = calling
    form: ParamsForm = tree or PairsForm(layout)
    call = _Call(backward, form, params, arrays, f"candidate {source}", updates=rate is not None)
    halves: set[str] = set()  # the dtypes of two bytes that it has returned

    def checked(grads: Grads, where: str) -> Grads:
        halves.update(leaf.dtype.name for layer in grads for leaf in layer if leaf.itemsize == 2)
        if len(halves) > 1:
            raise UsageError(
                f"{where}: expected gradients of one dtype, got {' and '.join(sorted(halves))} in "
                "different samples; return the same for all"
            )
        return grads

    kept: dict[str, Grads] = {}  # the first answer, by its samples
    to_keep = [None] * (1 if reduction is None else 2) if keeps_first else []
    moved: list[str] = []  # where its weights have been seen to be others than before

    def answer(x: np.ndarray, y: np.ndarray, samples: str, n: int | None) -> Grads:
        if samples in kept:
            return kept.pop(samples)
        grads = called(x, y, samples, n)
        if to_keep:
            to_keep.pop()
            kept[samples] = grads
        return grads

    def called(x: np.ndarray, y: np.ndarray, samples: str, n: int | None) -> Grads:
        where = call.where if batched else f"{call.where}, {samples}"
        read = functools.partial(
            read_returned,
            params=params,
            layout=form.layout,
            n=n,
            where=where,
            weights=form.weights,
            updated=rate is not None,
            biases=biases,
        )
        if reduction is not None:
            read = functools.partial(read_of_batch, read=read, reduction=reduction, size=len(x))
        found = checked(call(x, y, samples, read), where)
        if rate is not None and not moved:
            check_moved(found, params, where)
            moved.append(where)
        return found

    def known(found: Answer, n: int = 1) -> Answer:
        """Returns gradients, with what a step hides of them that may be one for each of n samples.

        A penalty may be another step of its own.
        """
        if rate is None:
            return with_hidden_digits(found, params, l2)
        shown = gradients_of_update(found.grads, params, rate, steps=n + bool(l2))
        return found._replace(grads=shown.grads, printed=shown.printed, rate=rate)

    def evaluate(block: Block) -> Answer:
        first, n = block.start, block.size
        if batched:
            grads = answer(*block.batch, f"samples {first} to {first + n - 1}", n)
        else:
            given = [np.expand_dims(one, 1) for one in block.batch] if reduction else block.batch
            samples = enumerate(zip(*given, strict=True), start=first)
            grads = _stacked([answer(x, y, f"sample {i}", None) for i, (x, y) in samples])
        return known(Answer(grads))

    def reduced(start: int, batch: Batch, kind: str) -> Answer:
        del kind  # it is what the function computes
        samples = f"the {batch_words(start, len(batch.x))}"
        return known(of_one_batch(answer(*batch, samples, None)), len(batch.x))

    return Implementation(
        name, "cpu", evaluate, source=source, reduced=None if reduction is None else reduced
    )


class _Call:
    """Calls a user's function with arrays of its own, and says in which sample it went wrong."""

    def __init__(
        self,
        backward: Backward,
        form: ParamsForm,
        params: Params,
        arrays: str,
        where: str,
        *,
        updates: bool,
    ) -> None:
        self._backward, self._form, self._arrays = backward, form, arrays
        self._weights = form.arrays(params)
        self.where, self._updates = where, updates

    def __call__(
        self, x: np.ndarray, y: np.ndarray, samples: str, read: Callable[[Any], Grads]
    ) -> Grads:
        """Returns what is read of what the function returns."""
        names = [*self._weights, "x", "y"]
        originals = [*self._weights.values(), x, y]
        copies = [np.array(array, order="C") for array in originals]
        with self._settings(x.dtype):
            *leaves, own_x, own_y = map(self._give, copies)
            params = self._form.build(leaves)
            raised = f"{self.where} raised in {samples}"
            returns = f"{self.where} returned in {samples} what raises when it is read"
            given = functools.partial(call_words, self._backward, self._weights, x, y, self._arrays)
            with contained():
                with errors_told(raised, given=given):
                    returned = self._backward(params, own_x, own_y)
                changed = [
                    name
                    for name, copy, original in zip(names, copies, originals, strict=True)
                    if copy.tobytes() != original.tobytes()
                ]
                self._check_unchanged(changed, samples)
                with errors_told(returns, passes=UsageError):
                    return read(self._found(returned, params))

    def _found(self, returned: Any, params: Any) -> Any:
        """Returns what holds gradients, or new weights: what was given, if those were changed."""
        return params if self._updates and is_loss(returned) else returned

    def _check_unchanged(self, changed: list[str], samples: str) -> None:
        """Checks that arguments are as they were, but for weights that are to be updated.

        Raises:
          UsageError: if one is not.
        """
        samples_alone = [name for name in changed if name in ("x", "y")]
        for name in samples_alone if self._updates else changed:
            advice = "" if name in samples_alone else f", {_UPDATES}"
            raise UsageError(
                f"{self.where} changed its argument {name} in {samples}: expected it to leave what "
                f"it is given alone; let it work on a copy{advice}"
            )

    def _give(self, array: np.ndarray) -> Any:
        """The same numbers in the kind of array that is asked for; torch's shares memory."""
        if self._arrays == "torch":
            from torch_ref.convert import share_tensor

            return share_tensor(array)
        if self._arrays == "jax":
            import jax.numpy as jnp

            return jnp.array(array)
        return array

    def _settings(self, dtype: np.dtype) -> contextlib.AbstractContextManager[None]:
        if self._arrays == "torch":
            from compare.implementations.torch_settings import torch_settings

            return torch_settings(PRECISE)
        if self._arrays == "jax":
            from compare.implementations.jax import jax_settings

            return jax_settings(dtype)
        return contextlib.nullcontext()


def _stacked(found: list[Grads]) -> Grads:
    return tuple(
        Layer(*(np.stack(leaves) for leaves in zip(*layer, strict=True)))
        for layer in zip(*found, strict=True)
    )
