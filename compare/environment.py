"""On what a comparison was run: versions, machine, precision settings."""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Sequence
from typing import Any

PACKAGES = ("jax", "jaxlib", "numpy", "torch", "absl-py")


def describe_environment(devices: Sequence[str] = ()) -> dict[str, Any]:
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
        "precision": _precision(),
    }


def _precision() -> dict[str, str]:
    precision = {"jax_matmul": "highest"}  # set around every call, in implementations.py
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        precision["torch_matmul"] = torch.get_float32_matmul_precision()
        precision["torch_threads"] = "1"  # likewise
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
