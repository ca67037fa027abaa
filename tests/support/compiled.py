"""Where tests keep what XLA has compiled for them: many make the same programs anew."""

import getpass
import os
import tempfile

import jax


def keep_compiled():
    """Lets this process read and write there; every program counts, however small."""
    folder = os.path.join(tempfile.gettempdir(), f"jaxmlp_tests_{getpass.getuser()}")
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
