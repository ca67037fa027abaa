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
            if file.read(4) != b"PK\x03\x04":
                raise UsageError(f"{where}: expected a .npz archive, as numpy.savez writes it")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                return {name: _read_array(archive, name, where) for name in archive.files}
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror or error}") from None
    except UsageError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds for damaged archives
        said = str(error).partition("\n")[0]
        raise UsageError(
            f"{where}: the .npz archive is damaged, cut short or of an unknown kind: {said}"
        ) from None


def exactly(array: np.ndarray, dtype: np.dtype, *, where: str) -> np.ndarray:
    """Converts real numbers to dtype, or refuses if that would change one.

    Raises:
      UsageError: for other than real numbers, and for a number that dtype does not have.
    """
    if array.dtype.kind not in "iuf":
        raise UsageError(f"{where}: expected real numbers, got dtype {array.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        converted = np.array(array, dtype, order="C")
        back = converted.astype(array.dtype)  # wider than dtype, or an integer
    exact = array.dtype == dtype or np.array_equal(back, array, equal_nan=array.dtype.kind == "f")
    if not exact:
        advice = "pass --dtype=float64 or save" if dtype == np.float32 else "save"
        raise UsageError(
            f"{where}: its {array.dtype} values do not all exist in {dtype}, and are not rounded "
            f"silently; {advice} them as {dtype}"
        )
    return converted


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
