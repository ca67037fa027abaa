"""Where files are to appear; every conflict is found here, before anything is computed."""

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from compare.errors import UsageError
from compare.formats.ours import STATE_FOLDER, why_not_replaced

_REMOVED = f"{STATE_FOLDER} is removed when a run ends, with all that is in it"


class Place(NamedTuple):
    """Where a file is to appear."""

    given: str  # the option and what the user gave, such as '--out results'
    path: Path
    in_folder: bool = False  # where a folder was given
    pattern: bool = False  # whether the name stands for many, such as heatmap_*.svg


class Input(NamedTuple):
    """A file that is read."""

    option: str  # such as '--params'
    path: str


def place_of(path: str, *, option: str) -> Place:
    """Returns the place of one file that an option gives; a link stays a link."""
    return Place(f"{option} {path}", Path(os.path.realpath(path)))


def places_in(folder: str | Path, names: Iterable[str], *, option: str) -> list[Place]:
    """Returns the places of files in a folder that an option gives; names may be patterns.

    Raises:
      UsageError: for a folder that no file system can name.
    """
    given = f"{option} {folder}"
    if "\0" in str(folder):
        raise UsageError(f"{given}: expected a folder, got a name with a NUL character")
    return [Place(given, Path(folder, name), True, "*" in name) for name in names]


def check_places(places: Sequence[Place], inputs: Sequence[Input] = ()) -> None:
    """Checks that all files can appear, and that nothing is lost when they do.

    Raises:
      UsageError: if one would replace a file that is read or that this project did not write,
        stand in the way of another, or be in a folder that was given and is none.
    """
    for place in places:
        above = next(one for one in _real(place).parents if os.path.lexists(one))
        if place.in_folder and not above.is_dir():
            said = f"{place.given}: expected a folder to write into"
            raise UsageError(f"{said}, and {above} is no folder")
        if STATE_FOLDER in _real(place).parts:
            raise UsageError(f"{place.given}: {_REMOVED}; {_remedy(place)}")
        for one in inputs:
            if _real(place).parent / STATE_FOLDER in Path(os.path.realpath(one.path)).parents:
                raise UsageError(f"{one.option} {one.path}: {_REMOVED}; move the file")
        for path in _there(place):
            _check_replaceable(place, path, inputs)
    for first, second in itertools.combinations(places, 2):
        _check_apart(first, second)
        _check_apart(second, first)


def _check_replaceable(place: Place, path: Path, inputs: Sequence[Input]) -> None:
    for one in inputs:
        if os.path.exists(one.path) and os.path.samefile(one.path, path):
            raise UsageError(
                f"{place.given}: {_what(place, path)} is read by this run, as {one.option}, and "
                f"would be replaced; {_remedy(place)}"
            )
    why = why_not_replaced(path)
    if why is not None:
        raise UsageError(f"{place.given}: {_what(place, path)} {why}; move it, or {_remedy(place)}")


def _check_apart(first: Place, second: Place) -> None:
    a, b = _real(first), _real(second)
    if first.given != second.given and (a == b or _is_of(a, second)):
        raise UsageError(f"{first.given}: this run writes {second.path} too; {_remedy(first)}")
    if a in b.parents:
        raise UsageError(
            f"{first.given}: {_what(first, first.path)} would be a file, and is a folder in "
            f"{second.given}; {_remedy(first)}"
        )


def _what(place: Place, path: Path) -> str:
    return f"{path.name} there" if place.in_folder else "it"


def _remedy(place: Place) -> str:
    return f"choose another {'folder' if place.in_folder else 'name'}"


def _is_of(path: Path, place: Place) -> bool:
    """Whether the pattern of a place stands for a path too."""
    real = _real(place)
    return place.pattern and path.parent == real.parent and fnmatchcase(path.name, real.name)


def _there(place: Place) -> Iterator[Path]:
    """Yields the paths that are there and would be replaced."""
    if place.pattern:
        yield from sorted(place.path.parent.glob(place.path.name))
    elif os.path.lexists(place.path):
        yield place.path


def _real(place: Place) -> Path:
    """The path with all links but that of the file itself followed."""
    return Path(os.path.realpath(place.path.parent), place.path.name)
