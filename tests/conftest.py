import gc
import os
import signal
import sys

import pytest

from tests.support.compiled import keep_compiled, share_context, share_operations
from tests.support.paths import write_in_memory

# pytest rewrites every assert of the tests, for seconds in each process that may not keep that.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")
os.environ.setdefault("JAX_NUMPY_RANK_PROMOTION", "raise")
# Workers of pytest-xdist keep all cores busy; threads of OpenBLAS and torch wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
keep_compiled()  # here, as the conftest of a folder may import JAX before anything is configured
write_in_memory()
os.environ["COLUMNS"] = "100"  # as where there is no terminal, in workers of pytest-xdist too


def pytest_configure(config):
    """Keeps JAX to the CPU, where no test needs more, but for `pytest -m gpu`."""
    if config.option.markexpr == "gpu":
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # torch needs room beside
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # torch reads it once
    else:
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if config.option.dist == "no":  # not where workers of pytest-xdist have the tests
        share_context()  # loads JAX, with the environment of above


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    """Shares what torch looks up, once loaded; lets Python look less often for garbage.

    Nor does it look in what stays: modules and tests.
    """
    share_operations()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # by default a tenth of the time of all tests


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish():
    """Lets pytest, which looks for garbage five times, look through all that is left only once."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def signals_heard():
    """A terminal's handlers: a shell lets what it runs in the background ignore SIGINT."""
    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def unexplained(monkeypatch):
    """Leaves no time to look for a cause, where none is asked for."""
    monkeypatch.setattr("compare.pipeline.kinds.certificates._SECONDS", 0)


@pytest.fixture
def threads_of_torch():
    """Two threads, as a user's torch has where nobody has set OMP_NUM_THREADS."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Skips what XLA compiles for no CPU as old as XLA_FLAGS says: float16 below AVX2."""
    try:
        return (yield)
    except Exception as error:
        said = str(error)
        is_old = "xla_cpu_max_isa=SSE" in os.environ.get("XLA_FLAGS", "")
        if is_old and ("Failed to materialize symbols" in said or "got float16; take" in said):
            pytest.skip("XLA compiles no float16 for this CPU")
        raise
