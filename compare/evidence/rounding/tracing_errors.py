"""What is raised while a function is traced, told in one sentence."""

import contextlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import jax

_OTHERS = ("jax", "torch")  # whose lines are none of f
# what JAX raises where a number is asked for that tracing does not have
_UNKNOWN_NUMBERS = (
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)


@contextlib.contextmanager
def brief_errors() -> Iterator[None]:
    """Says in one sentence why f cannot be traced, where JAX or torch say it in many.

    Raises:
      TypeError: if it cannot.
    """
    try:
        yield
    except _UNKNOWN_NUMBERS as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise TypeError(
            f"f: expected a function that jax.jit can trace, but{_line_of(error)} it asks for "
            f"numbers that are not there yet ({reason}); use jnp in place of np and if, and pass "
            "what has to be known as a Python integer, boolean or string"
        ) from error
    except TypeError as error:
        if "Tensor" in str(error) and "Tracer" in str(error):
            raise TypeError(
                f"f: expected a function of JAX, but{_line_of(error)} it calls torch with arrays "
                "of JAX; write that with jax.numpy"
            ) from error
        raise


def _line_of(error: BaseException) -> str:
    """Names the line of f where it was raised, such as ' at net.py:7'; '' if there is none."""
    homes = [str(Path(__file__).parent)]
    homes += [
        str(Path(str(sys.modules[name].__file__)).parent) for name in _OTHERS if name in sys.modules
    ]
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(tuple(homes))]
    return f" at {own[-1].filename}:{own[-1].lineno}" if own else ""
