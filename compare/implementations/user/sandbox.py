"""A user's code, kept to itself."""

import contextlib
import importlib
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.options.process_exit import exits_refused

# JAX adds it to every exception: it is of JAX's frames, and none of them are shown
_NOTE_OF_JAX = re.compile(r"^-+\nFor simplicity, JAX has removed its internal frames.*$", re.M)


class _Lent:
    """A stream that a user's code may close without closing ours."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def close(self) -> None:
        """Leaves it open."""


@contextlib.contextmanager
def contained() -> Iterator[None]:
    """Runs a user's code, which ends nothing and sets nothing but for itself.

    What it prints is no result of ours; its np.seterr and os.chdir end with it.
    """
    lent: Any = sys.stderr and _Lent(sys.stderr)  # which is None where there is no stderr
    with (
        contextlib.chdir("."),
        contextlib.redirect_stdout(lent),
        contextlib.redirect_stderr(lent),
        np.errstate(),
        exits_refused(of_all_threads=False),
    ):
        yield


@contextlib.contextmanager
def errors_told(
    where: str, *, given: Callable[[], str] | None = None, passes: type[Exception] | None = None
) -> Iterator[None]:
    """Turns whatever a user's code raises, an exit included, into a UsageError.

    Args:
      where: what raised, as errors begin; ends with a verb.
      given: says what the code was given.
      passes: what our own code raises that runs with it, and stays as it is.

    Raises:
      UsageError: with what was raised, and where in the user's code.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if passes is not None and isinstance(error, passes):
            raise
        said = f"{where}: {_told(error)}"
        raise UsageError(said if given is None else with_advice(said, given())) from error


def with_advice(said: str, advice: str) -> str:
    """Adds advice to the first line of what an error says; a traceback may stand below it."""
    first, newline, below = said.partition("\n")
    return f"{first.rstrip(':')}; {advice}{newline}{below}"


def _packages() -> Iterator[str]:
    """Yields the folders of this package and of frameworks, whose frames are no user's."""
    yield f"{Path(__file__).parents[2]}{os.sep}"
    for name in ("jax", "torch", "optax"):
        if name in sys.modules:
            yield f"{Path(str(sys.modules[name].__file__)).parent}{os.sep}"


def _told(error: BaseException) -> str:
    """What an exception says, and below it the user's part of the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    others = (*_packages(), importlib.__file__, "<frozen")
    theirs = [frame for frame in frames if not frame.filename.startswith(others)]
    text = "".join(traceback.format_exception_only(error))
    lines = _NOTE_OF_JAX.sub("", text).strip().splitlines()
    kind = type(error).__name__
    said = next((line for line in lines if line.partition(":")[0].endswith(kind)), lines[-1])
    if theirs or isinstance(error, SyntaxError):
        return "\n".join([said, *traceback.format_list(theirs), *lines])
    return said
