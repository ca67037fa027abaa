"""On what a comparison was run: versions, machine, precision settings."""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Sequence
from typing import Any

PACKAGES = ("jax", "jaxlib", "numpy", "torch", "absl-py")


def describe_environment(
    devices: Sequence[str] = (), *, matmul_precision: str = "highest"
) -> dict[str, Any]:
    """Returns versions, machine, devices in use and precision settings, as JSON can hold them."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        versions[package] = importlib.metadata.version(package)
    return {
        "versions": versions,
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "devices": sorted(set(devices)),
        "precision": _precision(matmul_precision),
    }


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
