"""What the commands share: exit statuses, and one line on stderr for what went wrong."""

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from compare.errors import UsageError
from compare.options.process_exit import exit_process, exits_refused, refuse_exits
from compare.options.signals import (
    check_signals,
    let_signals_end_process,
    signal_came,
    signals_noted,
)
from compare.options.streams import PrintError, open_streams
from compare.quoting import quoted

USAGE_ERROR = 1
EXIT_STATUS = {"agree": 0, "disagree": 2, "undecided": 3}

Command = Callable[[Sequence[str]], int]


def status_of_verdict(verdict: str, *, warned: bool, fail_on: str) -> int:
    """Returns the status of a verdict, where --fail_on says what counts as a failure."""
    if verdict == "undecided" and fail_on == "disagree":
        return EXIT_STATUS["agree"]
    if verdict == "agree" and warned and fail_on == "warning":
        return EXIT_STATUS["undecided"]
    return EXIT_STATUS[verdict]


class HelpShown(SystemExit):
    """The end of a command that was asked for --help."""


def exit_with(main: Command, command: str) -> NoReturn:
    """Runs a command and exits with its status; nothing that it has loaded can change that."""
    open_streams()
    status, interrupted = _end_of(main, command, sys.argv)
    if interrupted:
        # Python would not end with our status: threads in C++ abort a process that shuts down, a
        # signal that comes then shows a traceback, and one in code run from C ends it by SIGINT.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        exit_process(status)
    let_signals_end_process(USAGE_ERROR)
    refuse_exits()  # in what was registered with atexit, too
    sys.exit(status)


def status_of(main: Command, command: str, argv: Sequence[str]) -> int:
    """Runs a command and returns its status, or 1 and a line on stderr for every other end.

    Raises:
      Exception: for a crash, which Python shows and ends with status 1.
    """
    return _end_of(main, command, argv)[0]


def _end_of(main: Command, command: str, argv: Sequence[str]) -> tuple[int, bool]:
    """Returns the status as `status_of` does, and whether a signal ended the command."""
    interrupted = False
    with signals_noted(), exits_refused(of_all_threads=True):
        try:
            status = main(argv)
            sys.stdout.flush()
            check_signals()
            return status, False
        except HelpShown:
            return 0, False
        except UsageError as error:
            said = str(error)
        except KeyboardInterrupt as error:
            said, interrupted = str(error) or "interrupted", True
        except SystemExit as error:
            said = f"expected to end by itself, but code that it ran asked to exit: {error!r}"
        except MemoryError:
            said = "there is not enough memory for this"
        except PrintError as error:
            _drop_stdout()
            said = f"the output could not be printed: {error.strerror}"
        except OSError as error:
            if error.filename is None:
                raise
            said = f"{error.filename}: {error.strerror}"
        except Exception:
            if not signal_came():
                raise
            said, interrupted = "interrupted", True  # in code that raised something else instead
        print(f"{command}: {quoted(said)}", file=sys.stderr)
    return USAGE_ERROR, interrupted


def _drop_stdout() -> None:
    """Lets Python's last flush go nowhere, and so not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
