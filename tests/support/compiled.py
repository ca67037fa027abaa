"""What makes compiling cheap in tests, of which many make the same small programs anew."""

import contextlib
import functools
import getpass
import os
import sys
import tempfile
import typing


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


def share_operations():
    """Lets all exports of torch share what it looks up anew for each: 0.1 s, half of a small one.

    That is which of its operations are made of others, for each of its libraries anew, and the
    annotations of a function that it defines ten thousand times. Where another version of torch
    has no such names, tests take longer.
    """
    programs = sys.modules.get("torch.export.exported_program")
    if programs is None:
        return
    with contextlib.suppress(ImportError, AttributeError):
        import torch

        look = programs._collect_all_valid_cia_ops
        listed = torch._C._dispatch_get_registrations_for_dispatch_key
        known = functools.lru_cache(maxsize=1)(lambda names: look())
        programs._collect_all_valid_cia_ops = lambda: known(
            frozenset(listed("CompositeImplicitAutograd"))
        )
        torch._ops.Callable = typing.Callable  # which remembers what it is of
