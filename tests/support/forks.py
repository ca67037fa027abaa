"""Python programs in processes of their own, which import nothing that is costly.

JAX and torch take a new process two to three seconds. A server, one for each of pytest's own
processes, imports them once; a program is a fork of it, with an environment, a folder, streams
and an exit status of its own. What a test needs of `python` itself, of a pipe, a terminal or
stdin takes a real process; so does a program in whose environment something differs that is
read at import.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from multiprocessing import forkserver, reduction
from unittest import mock

from tests.support.forked import become
from tests.support.paths import ROOT

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.support.preloaded"])

# What Python, JAX, torch and a BLAS read when they are imported; all else is read later.
_READ_AT_IMPORT = ("JAX_", "LD_", "MKL_", "OMP_", "OPENBLAS_", "PYTHON", "TORCH_LOGS")
_READ_LATE = {"PYTHONPATH"}
_SIGNALS = (signal.SIGINT, signal.SIGHUP)  # which a process ignores if who starts it does
_ENVIRONMENT = dict(os.environ)  # of the server; a test may have changed it by the first fork


class Fork:
    """A program that runs, as a subprocess.Popen whose output is captured.

    Output can be read once the program has ended.
    """

    def __init__(self, words, folder, environment):
        self.args = words
        self._streams = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        weakref.finalize(self, _close, self._streams)
        ignored = [one for one in _SIGNALS if signal.getsignal(one) is signal.SIG_IGN]
        outputs = [_Descriptor(stream.fileno()) for stream in self._streams]
        program = (words, folder, environment, outputs, ignored)
        self._process = _SERVER.Process(target=become, args=program)
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self.returncode

    def send_signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self._process.kill()

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self.returncode

    def communicate(self, timeout=None):
        self.wait(timeout)
        said = []
        for stream in self._streams:
            stream.seek(0)
            said.append(stream.read().decode())
        return tuple(said)


def _close(streams):
    for stream in streams:
        stream.close()


class _Descriptor:
    """A file descriptor which the fork gets a copy of."""

    def __init__(self, number):
        self.number = number

    def __reduce__(self):
        return _received, (reduction.DupFd(self.number),)


def _received(copy):
    return copy.detach()


def start(words, cwd=ROOT, env=None):
    """Starts `python` with these words, captured: as a fork, if a process would be no other."""
    words, environment = [str(one) for one in words], dict(os.environ if env is None else env)
    if _is_as_server(environment):
        return Fork(words, str(cwd), environment)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *words], cwd=cwd, env=environment, **pipes)


def run(words, cwd=ROOT, env=None):
    """Runs `python` with these words, and returns how it ended and what it printed."""
    one = start(words, cwd, env)
    out, err = one.communicate()
    return subprocess.CompletedProcess(one.args, one.returncode, out, err)


def _is_as_server(environment):
    """Returns whether the server has what this says; it starts with the first call."""
    with contextlib.chdir(ROOT), mock.patch.dict(os.environ, _ENVIRONMENT, clear=True):
        forkserver.ensure_running()
    names = (_ENVIRONMENT.keys() | environment.keys()) - _READ_LATE
    early = [name for name in names if name.startswith(_READ_AT_IMPORT)]
    return all(_ENVIRONMENT.get(name) == environment.get(name) for name in early)
