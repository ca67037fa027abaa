"""Threads that stay, as starting them takes as long as some of what they run."""

import contextlib
import functools
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_MOST = 2 * (os.cpu_count() or 1)  # twice as many as cores, since some only wait


def side_by_side(function: Callable[[T], R], arguments: Sequence[T]) -> list[R]:
    """Calls a function with each argument, in this thread and in others.

    What no other thread has begun is done here. So nothing waits for threads that are busy with
    something else, such as a call that has led here; and none is needed where the interpreter ends,
    as no thread begins then. After an error nothing more is begun.
    """
    results: list[Future[R]] = [Future() for _ in arguments]
    left = deque(zip(results, arguments, strict=True))

    def take() -> None:
        while True:
            try:
                result, argument = left.popleft()
            except IndexError:
                return
            try:
                result.set_result(function(argument))
            except BaseException as error:  # raised by the thread that waits
                left.clear()
                result.set_exception(error)

    try:
        with contextlib.suppress(RuntimeError):  # if no thread can begin
            for _ in range(min(_MOST, len(arguments))):
                _threads(os.getpid()).submit(take)
        take()
        return [result.result() for result in results]
    finally:
        left.clear()


@functools.lru_cache(maxsize=1)
def _threads(process: int) -> ThreadPoolExecutor:
    """Returns the threads of a process; a fork has none of another's."""
    del process
    return ThreadPoolExecutor(_MOST)
