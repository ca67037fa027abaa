"""`.npz` archives: named arrays, never pickles."""

import numpy as np

from compare.errors import UsageError


def read_npz(path: str, *, option: str) -> dict[str, np.ndarray]:
    """Reads every array of an archive.

    Args:
      path: the file.
      option: what it was given for, such as '--params', to be named in errors.

    Raises:
      UsageError: if it is no readable archive or holds a pickled object.
    """
    where = f"{option} {path}"
    try:
        with open(path, "rb") as file:
            if file.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):  # the latter holds no array
                raise UsageError(f"{where}: expected a .npz archive, as numpy.savez writes it")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                return {name: _read_array(archive, name, where) for name in archive.files}
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror or error}") from None
    except UsageError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds for damaged archives
        said = str(error).partition("\n")[0] or type(error).__name__
        raise UsageError(
            f"{where}: the .npz archive is damaged, cut short or of an unknown kind: {said}"
        ) from None


def _read_array(archive: np.lib.npyio.NpzFile, name: str, where: str) -> np.ndarray:
    try:
        array = archive[name]
    except ValueError as error:
        if "pickle" not in str(error):
            raise
        raise UsageError(
            f"{where}: {name} is a pickled object, which is never loaded; "
            "save plain arrays of numbers"
        ) from None
    if not isinstance(array, np.ndarray):
        raise UsageError(f"{where}: {name} is no .npy array")
    return array
