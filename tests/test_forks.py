"""A fork of a process that has imported everything is what `python` would have been."""

import os
import signal
import subprocess
import sys

import pytest

from tests.support import forks
from tests.support.paths import ROOT
from tests.support.runs import SMALL, compare

MODULE = "import os, sys; print(__name__, sys.argv[1:], os.getcwd(), os.environ['PLACE'])\n"
PROGRAMS = {
    "code": ["-c", "import sys; print(__name__, sys.argv); print('said', file=sys.stderr)", "a"],
    "a status": ["-c", "import sys; sys.exit(3)"],
    "a sentence": ["-c", "raise SystemExit('no such file')"],
    "an error": ["-c", "print('half'); 1 / 0"],
    "at exit": ["-c", "import atexit; atexit.register(print, 'last'); print('first')"],
    "a warning": ["-W", "error", "-c", "import warnings; warnings.warn('seen')"],
    "a module": ["-m", "program", "--flag=1"],
    "a file": ["program.py", "x y"],
}


@pytest.fixture(autouse=True)
def as_at_the_start(monkeypatch):
    """Undoes what an earlier test may have left of the variables that are read at import."""
    for name in {**os.environ, **forks._ENVIRONMENT}:
        if name.startswith(forks._READ_AT_IMPORT):
            monkeypatch.delenv(name, raising=False)
            if name in forks._ENVIRONMENT:
                monkeypatch.setenv(name, forks._ENVIRONMENT[name])


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "program.py").write_text(MODULE)
    monkeypatch.setenv("PLACE", "here")
    return tmp_path


@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
def test_it_ends_as_a_process_does(place, words):
    fork = forks.start(words, place)
    assert isinstance(fork, forks.Fork)
    printed, said = fork.communicate(60)
    real = subprocess.run(
        [sys.executable, *words], cwd=place, capture_output=True, text=True, check=False
    )
    assert (fork.returncode, printed) == (real.returncode, real.stdout)
    assert [said.splitlines()[-1:]] == [real.stderr.splitlines()[-1:]]


def test_it_has_a_process_id_and_dies_by_a_signal():
    fork = forks.start(["-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"])
    assert fork.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        fork.wait(timeout=0.5)
    fork.send_signal(signal.SIGKILL)
    assert fork.wait(60) == -signal.SIGKILL
    assert fork.communicate()[0] in ("", f"{fork.pid}\n")


def test_signals_are_heard_or_not_as_by_a_process():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        heard = forks.run(["-c", "import signal; print(signal.getsignal(signal.SIGHUP).name)"])
    finally:
        signal.signal(signal.SIGHUP, before)
    assert heard.stdout == "SIG_IGN\n"


def test_it_has_imported_what_a_comparison_needs_and_computed_nothing():
    code = (
        "import sys, threading; from jax._src import xla_bridge;"
        "print('torch' in sys.modules, xla_bridge.backends_are_initialized());"
        "print(threading.active_count(), __import__('compare').__file__)"
    )
    assert forks.run(["-c", code]).stdout.splitlines() == [
        "True False",
        f"1 {ROOT / 'compare' / '__init__.py'}",
    ]


@pytest.mark.parametrize("name", ["JAX_ENABLE_X64", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED"])
def test_what_is_read_at_import_takes_a_real_process(name):
    real = forks.start(["-c", "pass"], env={**os.environ, name: "3"})
    assert isinstance(real, subprocess.Popen)
    real.communicate()


def test_a_run_in_this_process_leaves_forks_to_be_forks(tmp_path):
    assert compare(tmp_path, *SMALL, "--quiet") == 0
    fork = forks.start(["-c", "pass"])
    assert isinstance(fork, forks.Fork)
    fork.communicate()


def test_devices_may_differ_from_fork_to_fork():
    code = "import jax; print(jax.device_count())"
    for devices in (1, 3):
        flags = f"--xla_force_host_platform_device_count={devices}"
        fork = forks.start(["-c", code], env={**os.environ, "XLA_FLAGS": flags})
        assert isinstance(fork, forks.Fork)
        assert fork.communicate()[0] == f"{devices}\n"
