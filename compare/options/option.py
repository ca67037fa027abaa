"""One option: a row of the table that makes flags, --help, checks and commands.

A table is a dataclass, and each function here declares a field of it:

    samples: int = integer(100, "How many.", at_least=1)
"""

import dataclasses
from typing import Any, Literal, NamedTuple, TypeVar

from compare.options import checks

T = TypeVar("T")

Kind = Literal[
    "flag", "integer", "number", "choice", "text", "listed", "integers", "names", "repeated"
]
# What an option is for, and so where it is said again:
#   finding   what is found depends on it: in reports and all commands
#   whole     a run over all samples: not in the command that computes one of them
#   writing   a file of its own, to be written once: in no command
#   running   how a run is run, which changes nothing in what it finds: in no command or report
Purpose = Literal["finding", "whole", "writing", "running"]


class Option(NamedTuple):
    """What is known of one option beside its name."""

    kind: Kind
    default: Any
    help: str
    word: str = ""  # what stands for its value in --help; choices stand for themselves
    choices: tuple[str, ...] = ()
    at_least: int = 0  # of an integer
    at_most: int | None = None
    check: checks.Check | None = None
    purpose: Purpose = "finding"
    # the files that together bring it, a module what --params does; it is None beside them
    brought_by: tuple[str, ...] = ()
    argument: bool = False  # whether compare_gradients takes it too

    def check_value(self, name: str, value: Any) -> None:
        """Checks a value.

        Raises:
          UsageError: for one that cannot be.
        """
        absent = value is None and (self.default is None or self.brought_by)
        if self.check is not None and not absent:
            self.check(name, value)


def flag(help: str, *, default: bool = False, **more: Any) -> bool:
    """Declares what is or is not."""
    return _field(Option("flag", default, help, check=checks.true_or_false, **more))


def integer(
    default: T,
    help: str,
    *,
    at_least: int,
    at_most: int | None = None,
    word: str = "N",
    **more: Any,
) -> T:
    """Declares an integer with a lower bound, and an upper one where more makes no sense."""
    more.setdefault("check", checks.integer(at_least, at_most))
    return _field(
        Option("integer", default, help, word, at_least=at_least, at_most=at_most, **more)
    )


def number(default: T, help: str, *, word: str, **more: Any) -> T:
    """Declares a number."""
    return _field(Option("number", default, help, word, **more))


def sample(help: str, **more: Any) -> int | None:
    """Declares the number of a sample of a whole run; a `Config` knows how many there are."""
    return integer(None, help, at_least=0, check=None, purpose="whole", **more)


def choice(default: T, choices: tuple[str, ...], help: str, **more: Any) -> T:
    """Declares one name out of a few."""
    check = checks.one_of(choices)
    return _field(Option("choice", default, help, choices=choices, check=check, **more))


def text(default: T, word: str, help: str, **more: Any) -> T:
    """Declares text, such as a path."""
    return _field(Option("text", default, help, word, **more))


def listed(default: T, word: str, help: str, **more: Any) -> T:
    """Declares text that is one word, or some between commas; a list of them in Python too."""
    return _field(Option("listed", default, help, word, **more))


def file(help: str, **more: Any) -> str | None:
    """Declares the path of a file."""
    more.setdefault("check", checks.file)
    return text(None, "FILE", help, **more)


def folder(default: T, help: str, **more: Any) -> T:
    """Declares the path of a folder to write into."""
    return text(default, "FOLDER", help, check=checks.folder, **more)


def integers(default: T, help: str, **more: Any) -> T:
    """Declares integers between commas."""
    return _field(Option("integers", default, help, "N,N,...", **more))


def names(default: T, word: str, help: str, **more: Any) -> T:
    """Declares words between commas."""
    return _field(Option("names", default, help, word, **more))


def repeated(word: str, help: str, **more: Any) -> tuple[str, ...]:
    """Declares text that may be given any number of times."""
    return _field(Option("repeated", (), help, word, **more))


def rows(table: Any) -> dict[str, Option]:
    """Returns the options that a table declares, by name."""
    return {field.name: field.metadata["option"] for field in dataclasses.fields(table)}


def _field(option: Option) -> Any:
    return dataclasses.field(default=option.default, metadata={"option": option})
