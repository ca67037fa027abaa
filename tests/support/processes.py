"""Code in a process of its own."""

import os

from tests.support import forks
from tests.support.networks import xla_flags


def run_on(devices, code):
    """Runs code where JAX has so many CPU devices, and returns what it prints."""
    flags = xla_flags(f"--xla_force_host_platform_device_count={devices}")
    done = forks.run(["-W", "error", "-c", code], env={**os.environ, "XLA_FLAGS": flags})
    assert done.returncode == 0, done.stderr
    return done.stdout
