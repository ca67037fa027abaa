"""What the commands share: exit statuses, and one line on stderr for what went wrong."""

import os
import signal
import sys
import types
from collections.abc import Callable, Sequence

from compare.errors import UsageError
from compare.options.streams import open_streams
from compare.quoting import quoted

USAGE_ERROR = 1
EXIT_STATUS = {"agree": 0, "disagree": 2, "undecided": 3}


def exit_with(main: Callable[[Sequence[str]], int], command: str) -> None:
    """Runs a command and exits with its status, a UsageError as one line on stderr."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)  # so that temporary files are removed
    open_streams()
    try:
        status = main(sys.argv)
        sys.stdout.flush()
        sys.exit(status)
    except UsageError as error:
        said = str(error)
    except KeyboardInterrupt as error:
        said = str(error) or "interrupted"
    except MemoryError:
        said = "there is not enough memory for this"
    except OSError as error:
        _drop_stdout()
        said = f"the output could not be printed: {error.strerror}"
    print(f"{command}: {quoted(said)}", file=sys.stderr)
    sys.exit(USAGE_ERROR)


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    raise KeyboardInterrupt


def _drop_stdout() -> None:
    """Lets Python's last flush go nowhere, and so not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
