"""A command ends with the status that it returns, or with 1 and a sentence."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import types

import pytest

from compare.errors import UsageError
from compare.options import signals
from compare.options.exit_status import HelpShown, status_of
from tests.support.paths import ROOT

pytestmark = pytest.mark.usefixtures("signals_heard")


def raising(error):
    def main(argv):
        raise error

    return main


class Signalling:
    """Lets a signal come where Python drops what its handler raises."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


def dropping_a_signal(argv):
    Signalling()
    return 0


def turning_a_signal_into_an_error(argv):
    Signalling()
    raise ValueError


def leaving_in_a_thread(argv):
    def leave():
        with contextlib.suppress(SystemExit):  # as Python does, and pytest does not
            os._exit(0)

    thread = threading.Thread(target=leave)
    thread.start()
    thread.join()
    return 2


# what a command does -> (its status, what stderr says)
ENDS = {
    "agrees": (lambda argv: 0, 0, ""),
    "disagrees": (lambda argv: 2, 2, ""),
    "shows_help": (raising(HelpShown(0)), 0, ""),
    "used_wrongly": (raising(UsageError("samples: no")), 1, "command: samples: no\n"),
    "exits_with_0": (raising(SystemExit(0)), 1, "code that it ran asked to exit: .*Exit.0."),
    "exits_with_2": (lambda argv: sys.exit(2), 1, "code that it ran asked to exit: .*Exit.2."),
    "os_exit": (lambda argv: os._exit(0), 1, r"os\._exit\(0\) would have ended the whole process"),
    "os_exec": (lambda argv: os.execlp("true", "true"), 1, r"os\.execv\(.*true', .* would have"),
    "os_exit_in_a_thread": (leaving_in_a_thread, 2, ""),
    "no_memory": (raising(MemoryError()), 1, "command: there is not enough memory for this\n"),
    "refused": (raising(PermissionError(13, "No", "a.py")), 1, r"command: a\.py: No\n"),
    "interrupted": (raising(KeyboardInterrupt()), 1, "command: interrupted\n"),
    "interrupted_and_told": (raising(KeyboardInterrupt("interrupted; so")), 1, "interrupted; so\n"),
    "terminated": (lambda argv: signal.raise_signal(signal.SIGTERM), 1, "command: interrupted\n"),
    "a_signal_is_dropped": (dropping_a_signal, 1, "command: interrupted\n"),
    "a_signal_is_an_error": (turning_a_signal_into_an_error, 1, "command: interrupted\n"),
}


@pytest.mark.parametrize("case", ENDS)
def test_a_command_ends_with_its_own_status_or_with_1(case, capsys, monkeypatch):
    main, status, said = ENDS[case]
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: None)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [os._exit, os.execv, *map(signal.getsignal, numbers)]
    assert status_of(main, "command", ["command"]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == bool(said)
    assert re.search(said, captured.err)
    assert [os._exit, os.execv, *map(signal.getsignal, numbers)] == before


def test_a_signal_that_is_ignored_stays_ignored():
    """As SIGHUP is under nohup."""

    def main(argv):
        with signals.signals_held_back():
            signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)
        return 0

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert status_of(main, "command", ["command"]) == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("held", [False, True])
def test_a_second_signal_ends_at_once(held, monkeypatch, capfd):
    class Ended(BaseException):
        pass

    def end(status):
        raise Ended(status)

    def main(argv):
        with signals.signals_held_back() if held else signals.signals_noted():
            for _ in range(3):
                try:
                    signal.raise_signal(signal.SIGINT)
                except KeyboardInterrupt:
                    seen.append("interrupt")
                else:
                    seen.append("held")
        raise AssertionError("not ended")

    seen, times = [], iter([0, 0.1, 5, 5])  # a launcher passes the first on; then a person again
    monkeypatch.setattr(signals, "time", types.SimpleNamespace(monotonic=times.__next__))
    monkeypatch.setattr(signals, "exit_process", end)
    with pytest.raises((Ended, KeyboardInterrupt)):
        main([])
    assert seen == ["held" if held else "interrupt"] * 2
    assert "interrupted again, and ended at once\n" in capfd.readouterr().err


# A command that has told its verdict, and what it has run does not let it end.
LATE = """
import atexit, os
from compare.options.exit_status import exit_with

class Late:
    def __del__(self, leave=os._exit):
        os._exit(0)

late = Late()

def main(argv):
    atexit.register(lambda: os._exit(0))
    child = os.fork()
    if child == 0:
        os._exit(7)  # a process of its own, which may end
    print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print("disagree" * 20_000)
    return 2

exit_with(main, "command")
"""


@pytest.mark.parametrize(
    ("stdout", "status", "said"),
    [
        ("", 2, "os._exit(0) would have ended the whole process"),
        ("> /dev/full", 1, "command: the output could not be printed: No space left on device\n"),
    ],
    ids=["read", "full_disk"],
)
def test_nothing_changes_the_status_after_the_verdict(tmp_path, stdout, status, said):
    (tmp_path / "late.py").write_text(LATE)
    shell = f"{sys.executable} {tmp_path / 'late.py'} {stdout}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", shell], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    assert said in done.stderr
    assert stdout or done.stdout == f"child 7\n{'disagree' * 20_000}\n"


IN_C = """
import ctypes
from compare.options.exit_status import exit_with

def main(argv):
    ctypes.pythonapi.PyRun_SimpleString(b"raise KeyboardInterrupt")  # Python notes it
    raise KeyboardInterrupt

exit_with(main, "command")
"""


def test_an_interrupt_in_c_ends_with_1_and_not_by_a_signal(tmp_path):
    (tmp_path / "late.py").write_text(IN_C)
    done = subprocess.run(
        [sys.executable, "-m", "late"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "command: interrupted")


WOUND_UP = """
import atexit, os, signal
from compare.options.exit_status import exit_with

def main(argv):
    atexit.register(os.kill, os.getpid(), signal.SIGINT)  # as a launcher that passes it on twice
    print("half a line", end="")
    os.kill(os.getpid(), signal.SIGTERM)

exit_with(main, "command")
"""


SHUTTING_DOWN = """
import atexit, os, signal
from compare.options.exit_status import exit_with

def main(argv):
    atexit.register(os.kill, os.getpid(), signal.{signal})
    print("agree")
    return 0

exit_with(main, "command")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_after_the_verdict_ends_with_1(tmp_path, name):
    (tmp_path / "late.py").write_text(SHUTTING_DOWN.format(signal=name))
    done = subprocess.run(
        [sys.executable, "-m", "late"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "agree\n", "")


def test_an_interrupted_command_ends_without_winding_up(tmp_path):
    (tmp_path / "late.py").write_text(WOUND_UP)
    done = subprocess.run(
        [sys.executable, "-m", "late"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "half a line")
    assert done.stderr == "command: interrupted\n"


@pytest.mark.parametrize("command", ["run", "files", "graph", "report", "selftest"])
def test_a_python_without_the_packages_says_where_they_are(command):
    found = subprocess.run(
        [sys.executable, "-S", "-m", f"compare.{command}"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 1
    assert found.stdout == ""
    (line,) = found.stderr.splitlines()
    assert re.fullmatch(r"compare: absl-py is not installed for .+; .*\.venv.*", line)
