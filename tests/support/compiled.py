"""Where tests keep what XLA has compiled for them: many make the same programs anew."""

import getpass
import os
import tempfile


def keep_compiled():
    """Lets JAX read and write there, which must not be imported yet; every program counts.

    The environment says so, as `compare.run` sets there what it does not find. `forks` would take
    what it has set for another environment than that of its server, and start whole processes.
    """
    folder = os.path.join(tempfile.gettempdir(), f"jaxmlp_tests_{getpass.getuser()}")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "0"
