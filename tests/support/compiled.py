"""What makes compiling cheap in tests, of which many make the same small programs anew."""

import contextlib
import functools
import getpass
import os
import tempfile

import jax


def keep_compiled():
    """Lets this process keep what it compiles where others find it; every program counts."""
    folder = os.path.join(tempfile.gettempdir(), f"jaxmlp_tests_{getpass.getuser()}")
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    _share_context()


def _share_context():
    """Lets all programs share what JAX makes anew for each: 5 ms, more than a small one takes.

    It is the same for all of them: which dialects MLIR knows. JAX has no option for this; where
    another version of it has no such function, tests take longer.
    """
    with contextlib.suppress(ImportError, AttributeError):
        from jax._src.interpreters import mlir

        mlir.make_ir_context = functools.cache(mlir.make_ir_context)
