"""What does not fit into memory is refused before anything large is made."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from compare import Detail, compare_gradients
from compare.errors import UsageError
from compare.pipeline import schedule
from compare.problem import memory
from tests.support.runs import compare

GIB = 2**30
MEMINFO = f"MemTotal: {8 * 2**20} kB\nMemAvailable: {4 * 2**20} kB\nSwapFree: {2**20} kB\n"


@pytest.fixture
def small(monkeypatch):
    """A machine with 4 GiB left."""
    monkeypatch.setattr(memory, "available_bytes", lambda: 4 * GIB)


def test_a_network_that_does_not_fit_is_refused_with_the_figures(small, tmp_path):
    said = (
        r"layer_sizes: .* 10,000,200,001 parameters takes at least 1,397\.0 GiB of memory, 150 "
        r"bytes for each, and 4\.0 GiB are available"
    )
    with pytest.raises(UsageError, match=said):
        compare(tmp_path / "new", "--layer_sizes=100000,100000,1")
    assert not (tmp_path / "new").exists()


def test_weights_that_are_there_are_reckoned_too(small, tmp_path, monkeypatch):
    layers = [(np.zeros((40, 30), np.float32), np.zeros(30, np.float32))]
    np.savez(tmp_path / "w.npz", w1=layers[0][0], b1=layers[0][1])
    monkeypatch.setattr(memory, "available_bytes", lambda: 150 * 1230 - 1)
    with pytest.raises(UsageError, match="1,230 parameters"):
        compare_gradients(layers, np.zeros((1, 40), np.float32))
    with pytest.raises(UsageError, match="1,230 parameters"):
        compare(tmp_path / "new", f"--params={tmp_path}/w.npz")
    memory.check_network(1229)


@pytest.mark.parametrize("name", ["params", "x", "y"])
def test_arrays_that_are_small_until_they_are_copied(small, name):
    arguments = {
        "params": [(np.zeros((2, 1), np.float32), np.zeros(1, np.float32))],
        "x": np.zeros((1, 2), np.float32),
        "y": np.zeros((1, 1), np.float32),
    }
    if name == "params":
        many = np.broadcast_to(np.float32(0), (10**6, 10**6))
        arguments[name] = [(many, many[0])]
    else:
        columns = arguments[name].shape[1]
        arguments[name] = np.broadcast_to(arguments["params"][0][0][0], (2 * 10**9, columns))
    said = {"params": "layer_sizes: .* 1,000,001,000,000 parameters"}
    with pytest.raises(UsageError, match=said.get(name, rf"^{name}: its shape \[2000000000, ")):
        compare_gradients(**arguments)


def test_where_nothing_is_known_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: None)
    memory.check_network(10**12)
    assert memory.fitting_blocks(10**12) > 10**6


def test_as_many_blocks_as_fit_are_examined_at_once(small, monkeypatch):
    assert memory.fitting_blocks(10**6) == 4 * GIB // 230 // 10**6
    assert memory.fitting_blocks(10**9) == 1
    workers = []

    def pool(n):
        workers.append(n)
        return ThreadPoolExecutor(n)

    monkeypatch.setattr(schedule, "ThreadPoolExecutor", pool)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    layers = [(np.zeros((2, 1), np.float32), np.zeros(1, np.float32))]
    x = np.zeros((3 * 2048, 2), np.float32)  # three blocks
    for available in (4 * GIB, 2 * 230 * 3 * 2048, 10**5):
        monkeypatch.setattr(memory, "available_bytes", lambda there=available: there)
        compare_gradients(
            layers, x, detail=Detail(witness=0), implementations=("jax_grad", "torch_autograd")
        )
    assert workers == [3, 2, 1]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"proc/meminfo": MEMINFO}, 5 * GIB),
        ({"proc/meminfo": "nothing of the kind"}, None),
        (
            {
                "proc/meminfo": MEMINFO,
                "sys/fs/cgroup/memory.max": "max\n",
                "sys/fs/cgroup/memory.current": "1\n",
            },
            5 * GIB,
        ),
        (  # of 3 GiB, 2 are used, half a GiB of them for files
            {
                "proc/meminfo": MEMINFO,
                "sys/fs/cgroup/memory.max": f"{3 * GIB}\n",
                "sys/fs/cgroup/memory.current": f"{2 * GIB}\n",
                "sys/fs/cgroup/memory.stat": f"anon 9\nactive_file {GIB // 2}\ninactive_file 0\n",
            },
            3 * GIB // 2,
        ),
        (
            {
                "proc/meminfo": MEMINFO,
                "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{2 * GIB}\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{2 * GIB}\n",
                "sys/fs/cgroup/memory/memory.stat": "active_file 7\n"
                f"total_active_file 0\ntotal_inactive_file {GIB}\n",
            },
            GIB,
        ),
    ],
)
def test_what_is_available(tmp_path, files, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert memory.available_bytes(tmp_path) == expected
