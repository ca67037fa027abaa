"""What makes compiling cheap in tests, of which many make the same small programs anew."""

import contextlib
import functools
import getpass
import os
import tempfile


def keep_compiled():
    """Lets JAX, which must not be imported yet, keep every program where others find it.

    The environment says so, as `compare.run` sets there what it does not find. `forks` would take
    what it has set for another environment than that of its server, and start whole processes.
    """
    folder = os.path.join(tempfile.gettempdir(), f"jaxmlp_tests_{getpass.getuser()}")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "0"


def share_context():
    """Lets all programs share what JAX makes anew for each: 5 ms, more than a small one takes.

    It is the same for all of them: which dialects MLIR knows. JAX has no option for this; where
    another version of it has no such function, tests take longer.
    """
    with contextlib.suppress(ImportError, AttributeError):
        from jax._src.interpreters import mlir

        mlir.make_ir_context = functools.cache(mlir.make_ir_context)
