"""What JAX and NumPy are set to while bounds are worked out."""

import contextlib
from collections.abc import Iterator

import jax
import numpy as np

from compare.evidence.rounding.tracing import Trace


@contextlib.contextmanager
def settings(traced: Trace) -> Iterator[None]:
    """Bounds are worked out in the same way whatever JAX and NumPy are set to.

    What NumPy cannot do is done by JAX at once, also while `jax.jit` traces something around it.
    """
    with contextlib.ExitStack() as stack:
        for setting in (
            jax.enable_x64(True),
            jax.numpy_rank_promotion("allow"),
            jax.numpy_dtype_promotion("standard"),
            jax.debug_nans(False),
            jax.debug_infs(False),
            jax.disable_jit(False),
            jax.transfer_guard("allow"),
            np.errstate(all="ignore"),
        ):
            stack.enter_context(setting)
        if not traced.tracing:
            stack.enter_context(jax.ensure_compile_time_eval())
        yield
