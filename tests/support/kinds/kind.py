"""What a kind of hand-written backprop is, and what it is judged on."""

import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.options.command_line import config_from_argv
from compare.options.groups import FIELDS, CallStyle

N = 4  # samples


class Mistake(NamedTuple):
    """One piece of the source that is replaced by another, and what has to be said of it."""

    right: str
    wrong: str
    said: str
    where: Any = None  # the function or class whose source it is; None for the candidate itself


class Kind(NamedTuple):
    """One shape in which people write a backprop, by an example of our own."""

    name: str  # as docs/candidates.md has it
    function: Callable[..., Any]
    flags: str  # that fit, those with a default left out
    mistake: Mistake
    sizes: Sequence[int] = (3, 4, 2)
    given: Callable[[list], Any] = list  # makes what is brought as params of a list of (w, b)
    dtype: str = "float64"
    beside: Sequence[str] = ("numpy_manual",)  # what it is compared with

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `compare_gradients` that say what the flags do on a command line."""
        flags = self.flags.split()
        config = config_from_argv(["compare.run", "--candidate=mine.py:function", *flags])
        names = [flag.removeprefix("--").partition("=")[0] for flag in flags]
        values = {name: getattr(config, name) for name in names}
        style = {FIELDS[name][1]: values.pop(name) for name in names if name in FIELDS}
        return {**values, "call_style": CallStyle(**style)}

    @property
    def params(self) -> Any:
        """Weights that are drawn, as they are brought."""
        rng = np.random.default_rng(1)
        pairs = []
        for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False):
            w, b = (
                rng.normal(size=shape, scale=0.8).astype(self.dtype)
                for shape in ((n_in, n_out), n_out)
            )
            has_bias, is_out_in = "--bias=none" not in self.flags, "--layout=out_in" in self.flags
            pairs.append((w.T if is_out_in else w, b if has_bias else 0 * b))
        return self.given(pairs)

    @property
    def samples(self) -> tuple[np.ndarray, np.ndarray]:
        """x and labels that the loss can have."""
        rng, k = np.random.default_rng(8), self.sizes[-1]
        x = rng.normal(size=(N, self.sizes[0]))
        if "=binary_cross_entropy" in self.flags:
            y = rng.integers(2, size=(N, k))
        elif "=cross_entropy" in self.flags or "=softmax" in self.flags:
            y = np.eye(k)[rng.integers(k, size=N)]
        elif "=hinge" in self.flags:
            y = 2 * rng.integers(2, size=(N, k)) - 1
        else:
            y = rng.random((N, k))
        return x.astype(self.dtype), y.astype(self.dtype)

    @property
    def mistaken(self) -> Callable[..., Any]:
        """The function with its mistake planted in the source of what it uses."""
        right, wrong, _, where = self.mistake
        module = {**vars(sys.modules[self.function.__module__])}
        for one in (where, self.function):
            if one is not None:
                source = inspect.getsource(one)
                if one is (where or self.function):
                    assert source.count(right) == 1, f"{self.name}: {right}"
                    source = source.replace(right, wrong)
                exec(compile(source, inspect.getfile(one), "exec"), module)
        return module[self.function.__name__]
