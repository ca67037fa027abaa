"""On what a comparison was run: versions, machine, precision settings."""

import functools
import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

# Variables by which libraries choose kernels, threads and precisions, and so the last bits.
_SETTINGS = re.compile(
    r"XLA_FLAGS|GLIBC_TUNABLES|JAX_(?!COMPILATION_CACHE_|PERSISTENT_|PLATFORM).*|"
    r"NVIDIA_TF32_OVERRIDE|TORCH_ALLOW_TF32_CUBLAS_OVERRIDE|"
    r"(ATEN|BLIS|CUBLAS|CUDNN|DNNL|GOTO|KMP|MKL|NPY|OMP|ONEDNN|OPENBLAS|VECLIB)_.*"
)

PACKAGES = ("jax", "jaxlib", "numpy", "torch", "absl-py")


def describe_environment(
    devices: Sequence[str] = (),
    *,
    matmul_precision: str = "highest",
    flags: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Returns versions, machine, devices in use and settings that may change the last bits.

    Args:
      devices: in use, as their frameworks name them.
      matmul_precision: what both frameworks are told of matrix products.
      flags: the other options of the run that may change bits, where they are not as by default.
    """
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        versions[package] = _version(package)
    return {
        "versions": versions,
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "devices": sorted(set(devices)),
        "precision": _precision(matmul_precision),
        "settings": {
            **{name: os.environ[name] for name in sorted(os.environ) if _SETTINGS.fullmatch(name)},
            **flags,
        },
    }


def all_settings(environment: Mapping[str, Any]) -> dict[str, str]:
    """Returns what else than versions may change the last bits, by name.

    Args:
      environment: as `describe_environment` gives it, or an earlier version of it.
    """
    return {
        "processor": str(environment["processor"]),
        "cores": str(environment["cores"]),
        "devices": ", ".join(environment["devices"]),
        **environment["precision"],
        **environment.get("settings", {}),
    }


@functools.cache
def _version(package: str) -> str:
    """What is loaded stays what it was, and to look it up takes a millisecond."""
    return importlib.metadata.version(package)


def _precision(asked: str) -> dict[str, str]:
    """What was set around every call, or what each framework has by itself."""
    precision = {"jax_matmul": asked}
    jax, torch = sys.modules.get("jax"), sys.modules.get("torch")
    if asked == "default" and jax is not None:
        precision["jax_matmul"] = str(jax.config.jax_default_matmul_precision)
    if torch is not None:
        precision["torch_matmul"] = asked
        if asked == "default":
            from compare.implementations.torch_settings import matmul_precision

            precision["torch_matmul"] = matmul_precision()
        precision["torch_threads"] = "1"
    return precision


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
