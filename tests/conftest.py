import getpass
import os
import tempfile

os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")
os.environ.setdefault("JAX_NUMPY_RANK_PROMOTION", "raise")
os.environ["COLUMNS"] = "100"  # as where there is no terminal, in workers of pytest-xdist too


def pytest_configure(config):
    """Keeps JAX to the CPU, where no test needs more, but for `pytest -m gpu`."""
    if config.option.markexpr == "gpu":
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # torch needs room beside
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # torch reads it once
    else:
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    _keep_compiled()


def _keep_compiled():
    """Many tests make the same programs anew; what a test starts by itself has its own cache."""
    import jax  # with the environment of above

    folder = os.path.join(tempfile.gettempdir(), f"jaxmlp_tests_{getpass.getuser()}")
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
