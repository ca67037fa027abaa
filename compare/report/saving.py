"""A report as one file, whose suffix says what it is."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from compare.errors import UsageError, shown
from compare.formats.atomic import Staging
from compare.formats.places import check_places, place_of


def save_form(path: "str | os.PathLike[str]", forms: Mapping[str, Callable[[str], str]]) -> None:
    """Writes a report in the form that a path asks for.

    Args:
      path: its suffix says in which form.
      forms: suffix -> makes that form, given what asks for it, to be named in errors.

    Raises:
      UsageError: if the suffix says nothing, or the file cannot be written or would replace one
        that this project did not write.
    """
    final = _final(path)
    make = forms.get(final.suffix.lower())
    if make is None:
        raise UsageError(
            f"save {final}: expected a name that ends with {', '.join(forms)}, got "
            f"{repr(final.suffix) if final.suffix else 'none of them'}"
        )
    check_places([place_of(str(final), option="save")])
    content = make(f"save {final}")
    with Staging(final.parent, option="save") as staging:
        staging.write(final.name, content)


def _final(path: "str | os.PathLike[str]") -> Path:
    """Returns where the file is to appear; a link stays a link."""
    try:
        text = os.fspath(path)
    except TypeError:
        text = ""
    if not isinstance(text, str) or not text or "\0" in text:
        raise UsageError(f"save: expected the path of a file, got {shown(path)}")
    return Path(os.path.realpath(text))
