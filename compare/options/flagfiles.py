"""Flags in files: a command line with `--flagfile=FILE` -> one with the lines of that file."""

import os
from collections.abc import Iterator, Sequence

from compare.errors import UsageError

_MOST_FILES = 100
_LARGEST = 2**20  # characters of a file


class FlagFiles:
    """Puts the lines of files where a command line names them; `read` is the files it met."""

    def __init__(self) -> None:
        """Begins with none."""
        self.read: list[str] = []

    def expand(self, words: Sequence[str]) -> Iterator[str]:
        """Yields the words of a command line, and in the place of a flagfile those of its lines.

        Raises:
          UsageError: if a file cannot be read, names itself, or there are more than 100.
        """
        rest = iter(words)
        for word in rest:
            flag, equals, path = word.partition("=")
            if flag not in ("--flagfile", "-flagfile"):
                yield word
                if word == "--":  # no flags follow
                    yield from rest
                continue
            path = path if equals else next(rest, "")
            yield from self._lines(os.path.expanduser(path.strip()), within=())

    def _lines(self, path: str, *, within: tuple[str, ...]) -> Iterator[str]:
        """Yields the flags of one file, and of those it names; `within` are those it is read in."""
        if path in within:
            raise UsageError(f"--flagfile {path}: it names itself")
        if len(self.read) == _MOST_FILES:
            raise UsageError(f"--flagfile {path}: expected at most {_MOST_FILES} flagfiles")
        self.read.append(path)
        for line in map(str.strip, _text(path).splitlines()):
            flag, _, named = line.partition("=")
            if flag in ("--flagfile", "-flagfile"):
                yield from self._lines(os.path.expanduser(named.strip()), within=(*within, path))
            elif line and not line.startswith(("#", "//")):
                yield line


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_LARGEST + 1)
    except UnicodeDecodeError:
        text = "\0"
    except (OSError, ValueError) as error:  # a name with NUL in it is a ValueError
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"--flagfile {path}: it cannot be read: {why}") from None
    if "\0" in text:
        raise UsageError(f"--flagfile {path}: expected a text of one flag a line, got binary")
    if len(text) > _LARGEST:
        raise UsageError(f"--flagfile {path}: expected one flag a line, got more than 1 MiB")
    return text
