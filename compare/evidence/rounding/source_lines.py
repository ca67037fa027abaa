"""The line of a user's source in which an equation was written."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CALLER = Path(__file__).with_name("tracing.py")  # of what a user wrote, and no source of theirs


def line_of(eqn: Any) -> str:
    """Returns the line as JAX writes it, "net.py:7 (loss)"; "" where JAX knows none."""
    return _summarize()(eqn.source_info)


@functools.cache
def _summarize() -> Callable[[Any], str]:
    from jax.extend.source_info_util import register_exclusion, summarize  # which loads slowly

    register_exclusion(str(_CALLER))  # beyond which JAX looks for lines
    return summarize
