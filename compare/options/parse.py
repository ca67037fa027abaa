"""A command line -> the values of the options of a table; and --help, of the same table."""

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from compare.options.installation import not_installed

try:
    from absl import flags
except ModuleNotFoundError:
    raise not_installed("absl-py") from None

from compare.errors import UsageError
from compare.options.checks import integer_words
from compare.options.exit_status import HelpShown
from compare.options.flagfiles import FlagFiles
from compare.options.option import Option

# Flagfiles are expanded before absl parses, so that option is there for --help alone.
_OF_ALL = {
    "flagfile": Option("text", None, "Read flags from a file, one a line.", "FILE"),
    "help": Option("flag", False, "Show this text."),
}
_WIDTH = 78  # of --help
_MOST_WORDS = 3  # that an error repeats, of a flagfile that is none

# What absl says -> what we say.
_WORDS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"Unknown command line flag '([^']*)'\.?", r"there is no flag --\1"),
    (
        r" Did you mean: (.*) \?",
        lambda found: f"; did you mean --{found[1].replace(', ', ', --')}?",
    ),
    (
        r"value should be one of <(.*)>",
        lambda found: "expected one of " + ", ".join(found[1].split("|")),
    ),
    (r"(--\w+=.*): \S+ is not (an? .*)", r"\1: expected \2"),
    (
        r"(--\w+)=.*\('Non-boolean argument to boolean flag', (.*)\)",
        r"\1: expected true or false, got \2",
    ),
)
_DEFINE = {
    "flag": flags.DEFINE_bool,
    "text": flags.DEFINE_string,
    "listed": flags.DEFINE_string,
    "integers": flags.DEFINE_list,
    "names": flags.DEFINE_list,
    "repeated": flags.DEFINE_multi_string,
}


class Parsed(NamedTuple):
    """What a command line says."""

    values: dict[str, Any]  # of all options
    typed: frozenset[str]  # the options that are there, and not by default
    words: list[str]  # that are no flags
    flagfiles: tuple[str, ...] = ()  # that were read

    def refuse_words(self, *, such_as: str = "") -> None:
        """Raises a UsageError if there are words; an example says what is a flag."""
        if self.words:
            example = f", such as {such_as}" * bool(such_as)
            got = " ".join(map(repr, self.words[:_MOST_WORDS]))
            more = len(self.words) - _MOST_WORDS
            got += f" and {more} more" * (more > 0)
            raise UsageError(f"expected flags only{example}, got {got}")


def parse(
    argv: Sequence[str],
    options: Mapping[str, Option],
    *,
    usage: str,
    sections: Mapping[str, Sequence[str]] | None = None,
) -> Parsed:
    """Parses the command line of a command.

    Args:
      argv: program name first.
      options: all that there are.
      usage: printed first by --help.
      sections: the titles of --help and the options under each; None for one of all.

    Raises:
      UsageError: for an unknown flag, an illegal value or an unreadable flagfile.
      HelpShown: after --help.
    """
    defined = {**_OF_ALL, **options}
    values = flags.FlagValues()  # not absl's global ones, to which any module can add
    for name, option in defined.items():
        _define(name, option, values)
    flags.DEFINE_alias("h", "help", values)
    values.set_gnu_getopt(True)
    files = FlagFiles()
    try:
        _, *words = values([*argv[:1], *files.expand(argv[1:])])
    except (flags.Error, ValueError) as error:  # of absl: of --nohtml=1 it is a ValueError
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{_told(error)}; --help lists the flags") from None
    if values.help:
        print(usage)
        for title, names in (sections or {"Flags": tuple(defined)}).items():
            print(f"\n{title}:")
            for name in names:
                print(*_help(values[name], defined[name]), sep="\n")
        raise HelpShown(0)
    found = {name: _value(name, values[name].value, option) for name, option in options.items()}
    typed = frozenset(name for name in options if values[name].present)
    return Parsed(found, typed, words, tuple(files.read))


class _WholeNumber(flags.IntegerParser):
    """absl's integer flags, with an error message for people."""

    def convert(self, argument: str | int) -> int:
        try:
            return super().convert(argument)
        except ValueError:
            raise ValueError(f"expected {self.syntactic_help}, got {argument!r}") from None


class _Number(flags.FloatParser):
    """absl's float flags, with an error message for people."""

    def convert(self, argument: str | float) -> float:
        try:
            return super().convert(argument)
        except ValueError:
            raise ValueError(f"expected a number, got {argument!r}") from None


def _define(name: str, option: Option, values: flags.FlagValues) -> None:
    kind, default, help = option.kind, option.default, option.help
    if kind == "integer":
        parser = _WholeNumber(lower_bound=option.at_least, upper_bound=option.at_most)
        bounds = integer_words(option.at_least, option.at_most)
        parser.syntactic_help = f"an integer {bounds}"
        flags.DEFINE(parser, name, default, help, values, flags.ArgumentSerializer())
    elif kind == "number":
        flags.DEFINE(_Number(), name, default, help, values, flags.ArgumentSerializer())
    elif kind == "choice":
        flags.DEFINE_enum(name, default, list(option.choices), help, values)
    else:
        default = list(map(str, default)) if isinstance(default, tuple) else default
        _DEFINE[kind](name, default, help, values)


def _value(name: str, value: Any, option: Option) -> Any:
    """The value of a flag as tables have it, tuples in place of lists."""
    if option.kind != "integers":
        return tuple(value) if isinstance(value, list) else value
    try:
        return tuple(int(word) for word in value)
    except ValueError:
        raise UsageError(
            f"{name}: expected positive integers between commas, such as "
            f"{','.join(map(str, option.default or (2, 3, 1)))}; got {','.join(value)}"
        ) from None


def _told(error: Exception) -> str:
    """What absl says, in our words."""
    text = str(error).removeprefix("ERROR:: ").removeprefix("flag ")
    for pattern, words in _WORDS:
        text = re.sub(pattern, words, text)
    return text


def _help(flag: flags.Flag, option: Option) -> Iterator[str]:
    head, text = f"  --{flag.name}={'|'.join(option.choices) or option.word}", option.help
    if len(head) > _WIDTH:
        head, text = f"  --{flag.name}=NAME", f"One of {', '.join(option.choices)}. {text}"
    yield head.rstrip("=")
    if flag.default not in (None, [], "") and not flag.boolean:
        text += f" Default: {flag.default_as_str.strip(chr(39))}."
    indent = " " * 6
    yield from textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)
