"""What goes wrong while a file is read, as one sentence."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from compare.errors import UsageError

_LONGEST = 200  # characters of what a library says, as it may quote all of a file


@contextlib.contextmanager
def readable(where: str, damaged: str | None = None) -> Iterator[None]:
    """Turns errors of reading a file into UsageErrors.

    Args:
      where: the file, to be named in errors.
      damaged: what is said of any error but an OSError, such as 'the .npz archive is damaged', as
        libraries raise a dozen kinds; None if only an OSError is expected.

    Raises:
      UsageError: for those errors; others pass.
    """
    try:
        yield
    except UsageError:
        raise
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror or error}") from None
    except Exception as error:
        if lacks_memory(error):
            raise UsageError(f"{where}: there is not enough memory to read it") from None
        if damaged is None:
            raise
        said = str(error).partition("\n")[0][:_LONGEST] or type(error).__name__
        raise UsageError(f"{where}: {damaged}: {said}") from None


def lacks_memory(error: Exception) -> bool:
    """Whether an error says that memory is short: torch and safetensors have no type for it."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or "allocate memory" in said or "enough memory" in said


def suffix_of(path: str, formats: Sequence[str], where: str) -> str:
    """Returns the suffix of a file's name, which says its format, in lower case.

    Raises:
      UsageError: if it is none of the formats.
    """
    suffix = PurePath(path).suffix.lower()
    if suffix not in formats:
        raise UsageError(
            f"{where}: expected a file named {', '.join(formats)}, got {suffix or 'no suffix'}"
        )
    return suffix
