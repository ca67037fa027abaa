"""Signals that end a command, such as Ctrl-C: noted, held back for a while, or ending it at once.

Python runs a signal's handler between two steps of the main thread. If that is in a callback of the
garbage collector, as JAX has them, or in a `__del__`, Python prints what the handler raises, and
drops it. So the handler also notes that a signal came, and `check_signals` raises it again where
nothing drops it.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeAlias

from compare.options.process_exit import exit_process

Handler: TypeAlias = Callable[[int, FrameType | None], None] | signal.Handlers

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ONE = 0.5  # seconds; what comes within them is one signal, which a launcher may have passed on
_came: list[float] = []  # when signals came, since `signals_noted` began


@contextlib.contextmanager
def signals_noted() -> Iterator[None]:
    """Lets signals raise KeyboardInterrupt, and notes them; a second one ends the process."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        _note(_came)
        raise KeyboardInterrupt

    _came.clear()
    try:
        with _handled_by(interrupt):
            yield
    finally:
        _came.clear()


def signal_came() -> bool:
    """Whether a signal has come since `signals_noted` began."""
    return bool(_came)


def check_signals() -> None:
    """Raises KeyboardInterrupt if a signal has come, also if it was raised and dropped before."""
    if signal_came():
        raise KeyboardInterrupt


@contextlib.contextmanager
def signals_held_back() -> Iterator[None]:
    """Holds signals back until the block ends; then the first of them is raised again.

    Only the main thread can do so; in other threads nothing is held back. A second signal ends the
    process at once here too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    came: list[float] = []

    def hold(number: int, frame: FrameType | None) -> None:
        held.append(number)
        _note(came)

    try:
        with _handled_by(hold):
            yield
    finally:
        for number in held[:1]:
            signal.raise_signal(number)


@contextlib.contextmanager
def signals_end_process() -> Iterator[None]:
    """Lets signals end the process at once, as while it waits in code that is not Python's."""
    with _handled_by(signal.SIG_DFL):
        yield


def let_signals_end_process(status: int) -> None:
    """Lets signals end the process at once with a status from now on, as while it shuts down."""
    for number in _heard():
        signal.signal(number, lambda *_: exit_process(status))


def _note(came: list[float]) -> None:
    """Notes that a signal came; ends the process if it is a second one."""
    came.append(time.monotonic())
    if came[-1] - came[0] > _ONE:
        os.write(2, b"interrupted again, and ended at once\n")  # `print` may be at work just now
        exit_process(1)


def _heard() -> list[signal.Signals]:
    """Leaves out what is ignored, as SIGHUP is under nohup and SIGINT in the background."""
    return [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


@contextlib.contextmanager
def _handled_by(handler: Handler) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _heard()}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)
