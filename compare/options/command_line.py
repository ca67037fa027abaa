"""What the commands share: flags that are only theirs, help for people, and exit statuses."""

import io
import os
import re
import signal
import sys
import textwrap
import types
from collections.abc import Callable, Mapping, Sequence

from absl import flags

from compare.errors import UsageError

USAGE_ERROR = 1
EXIT_STATUS = {"agree": 0, "disagree": 2, "undecided": 3}


class _WholeNumber(flags.IntegerParser):
    """absl's integer flags, with an error message for people."""

    def convert(self, argument: str | int) -> int:
        try:
            return super().convert(argument)
        except ValueError:
            raise ValueError(f"expected {self.syntactic_help}, got {argument!r}") from None


def define_integer(
    name: str, default: int | None, text: str, values: flags.FlagValues, *, at_least: int
) -> None:
    """Defines an integer flag with a lower bound."""
    parser = _WholeNumber(lower_bound=at_least)
    parser.syntactic_help = f"an integer of at least {at_least}"
    flags.DEFINE(parser, name, default, text, values, flags.ArgumentSerializer())


def parse(
    argv: Sequence[str],
    values: flags.FlagValues,
    *,
    usage: str,
    sections: Mapping[str, Sequence[str]],
) -> list[str]:
    """Parses flags and returns the other words.

    Args:
      argv: program name first.
      values: the flags of this command; they are kept apart from absl's global FLAGS, so that
        no imported module can add to them.
      usage: printed first by --help.
      sections: the titles of --help and the flags under each, as 'name' or 'name=WORD'.

    Raises:
      UsageError: for an unknown flag, an illegal value or an unreadable flagfile.
      SystemExit: with status 0, after --help.
    """
    flags.DEFINE_bool("help", False, "Show this text.", flag_values=values, short_name="h")
    # absl expands flagfiles before it parses, so this definition is there for --help alone.
    flags.DEFINE_string("flagfile", None, "Read flags from a file, one a line.", flag_values=values)
    values.set_gnu_getopt(True)
    try:
        words = values(list(argv))
    except UnicodeDecodeError:
        raise UsageError(
            "flagfile: expected a text file with one flag a line, got binary"
        ) from None
    except flags.Error as error:
        text = _told(error)
        raise UsageError(f"{text}; --help lists the flags") from None
    if values.help:
        print(_help(values, usage, sections))
        raise SystemExit(0)
    return words[1:]


def _told(error: flags.Error) -> str:
    """What absl says, without its marks; of a boolean flag it says it in a tuple."""
    text = str(error).removeprefix("ERROR:: ").removeprefix("flag ")
    found = re.fullmatch(r"(--\w+)=.*\('Non-boolean argument to boolean flag', (.*)\)", text)
    return f"{found[1]}: expected true or false, got {found[2]}" if found else text


def exit_with(main: Callable[[Sequence[str]], int], command: str) -> None:
    """Runs a command and exits with its status, a UsageError as one line on stderr."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)  # so that temporary files are removed
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = main(sys.argv)
        sys.stdout.flush()
    except UsageError as error:
        print(f"{command}: {error}", file=sys.stderr)
        status = USAGE_ERROR
    except KeyboardInterrupt as error:
        said = str(error) or "interrupted; nothing was written"
        print(f"{command}: {said}", file=sys.stderr)
        status = USAGE_ERROR
    except MemoryError:
        print(f"{command}: there is not enough memory for this", file=sys.stderr)
        status = USAGE_ERROR
    except BrokenPipeError:  # the reader, such as head, has seen enough
        _drop_stdout()
        status = USAGE_ERROR
    except OSError as error:
        _drop_stdout()
        print(f"{command}: the output could not be printed: {error.strerror}", file=sys.stderr)
        status = USAGE_ERROR
    sys.exit(status)


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    raise KeyboardInterrupt


def _drop_stdout() -> None:
    """Lets Python's last flush go nowhere, and so not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _help(values: flags.FlagValues, usage: str, sections: Mapping[str, Sequence[str]]) -> str:
    lines = [usage]
    for title, forms in sections.items():
        lines += ["", f"{title}:"]
        for form in forms:
            lines += _flag_help(form, values[form.partition("=")[0]])
    return "\n".join(lines)


def _flag_help(form: str, flag: flags.Flag) -> list[str]:
    choices = "|".join(getattr(flag.parser, "enum_values", ()))
    if choices:
        form += f"={choices}"
    text = flag.help.removeprefix(f"<{choices}>: ")
    if flag.default is not None and not flag.boolean:
        text += f" Default: {flag.default_as_str.strip(chr(39))}."
    indent = " " * 6
    return [
        f"  --{form}",
        *textwrap.wrap(text, 78, initial_indent=indent, subsequent_indent=indent),
    ]
