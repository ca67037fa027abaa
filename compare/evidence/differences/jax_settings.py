"""The settings under which JAX computes evidence, whatever the user has set for the rest."""

import contextlib
from collections.abc import Iterator

import jax


@contextlib.contextmanager
def evidence_settings() -> Iterator[None]:
    """Lets JAX compute in float64, on the CPU if it can, and promote types as NumPy does."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(jax.enable_x64(True))
        stack.enter_context(jax.numpy_rank_promotion("allow"))
        stack.enter_context(jax.numpy_dtype_promotion("standard"))
        with contextlib.suppress(RuntimeError):  # JAX_PLATFORMS may leave the CPU out
            stack.enter_context(jax.default_device(jax.local_devices(backend="cpu")[0]))
        yield
