"""What figures were measured on: the processor, the libraries that multiply, how busy it was."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

_ISAS = ("avx512f", "avx2", "avx", "sse4_2")  # the widest first


def describe_machine() -> dict[str, Any]:
    """Returns model, usable cores and vector instructions, and both libraries' BLAS."""
    cpu = _cpuinfo()
    flags = cpu.get("flags", "").split()
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "model": cpu.get("model name", "unknown"),
        "usable_cores": _usable_cores(),
        "isa": next((isa for isa in _ISAS if isa in flags), "unknown"),
        "numpy_blas": f"{blas['name']} {blas['version']}",
        "numpy_threads": _numpy_threads(os.environ),
        "torch_blas": "MKL" if torch.backends.mkl.is_available() else "not MKL",
        "torch_isa": torch.backends.cpu.get_cpu_capability(),
        "torch_threads": torch.get_num_threads(),
    }


def load() -> list[float]:
    """Returns the mean number of runnable processes of the last 1, 5 and 15 minutes."""
    return [round(mean, 2) for mean in os.getloadavg()]


def format_machine(machine: Mapping[str, Any]) -> str:
    """Returns it as two lines."""
    return (
        f"{machine['model']}, {machine['usable_cores']} cores, {machine['isa']}\n"
        f"NumPy: {machine['numpy_blas']}, {machine['numpy_threads']} threads; "
        f"torch: {machine['torch_blas']}, {machine['torch_isa']}, "
        f"{machine['torch_threads']} threads"
    )


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _numpy_threads(environ: Mapping[str, str]) -> str:
    """OpenBLAS asks these, in this order, and takes all cores where none is set."""
    for name in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):
        if environ.get(name):
            return environ[name]
    return str(_usable_cores())


def _cpuinfo() -> dict[str, str]:
    """The first processor of /proc/cpuinfo; nothing where there is none."""
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}
