"""Ending the process at once, which is for this project to do and not for the code it runs.

`os._exit` ends a process with any status, and `os.execv`, which `os.execl` and its kin call, lets
another program end in its place: either would pass for a verdict. While they are refused, they
raise SystemExit in their caller.
"""

import contextlib
import os
import posix
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

_CALLS = {name: getattr(os, name) for name in ("_exit", "abort", "execv", "execve")}
_lock = threading.Lock()
_refused: list[tuple[int, int | None]] = []  # processes, and threads of theirs or None for all


def exit_process(status: int) -> NoReturn:
    """Ends this process now; nothing is flushed, no clean-up runs."""
    _CALLS["_exit"](status)
    raise AssertionError("the process has ended")


@contextlib.contextmanager
def exits_refused(*, of_all_threads: bool) -> Iterator[None]:
    """Lets code of this thread, or of all threads, not end this process; its children may end."""
    caller = (os.getpid(), None if of_all_threads else threading.get_ident())
    _refuse(caller)
    try:
        yield
    finally:
        with _lock:
            _refused.remove(caller)
            if not _refused:
                _put(_CALLS)


def exits_refused_here() -> bool:
    """Whether this thread, and not every one, must not end the process: it runs a user's code."""
    return (os.getpid(), threading.get_ident()) in _refused


def refuse_exits() -> None:
    """Refuses them in all threads from now on, while Python shuts down too."""
    _refuse((os.getpid(), None))


def _refuse(caller: tuple[int, int | None]) -> None:
    with _lock:
        if not _refused:
            _put({name: _refusing(name) for name in _CALLS})
        _refused.append(caller)


def _refusing(name: str) -> Callable[..., Any]:
    real, refused, process, thread = _CALLS[name], _refused, os.getpid, threading.get_ident

    def refusing(*arguments: Any, **named: Any) -> Any:
        if {(process(), None), (process(), thread())}.isdisjoint(refused):
            return real(*arguments, **named)
        shown = ", ".join(map(repr, arguments))
        raise SystemExit(f"os.{name}({shown}) would have ended the whole process")

    return refusing


def _put(calls: dict[str, Callable[..., Any]]) -> None:
    for name, call in calls.items():
        for module in (os, posix):
            setattr(module, name, call)
