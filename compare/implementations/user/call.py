"""One call of a user's own function: with arrays of its own, and with its errors told."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.implementations.base import PRECISE
from compare.implementations.user.calling import call_words
from compare.implementations.user.params_form import ParamsForm
from compare.implementations.user.returned import is_loss
from compare.implementations.user.sandbox import contained, errors_told
from jaxmlp.base import Grads, Params

_UPDATES = (
    "or, if it takes a step of gradient descent, say so by --candidate_returns=update and "
    "--learning_rate"
)

Backward = Callable[..., Any]  # ([(w, b), ...], x, y) -> [(dw, db), ...]


class Call:
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
