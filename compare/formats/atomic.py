"""Files that appear together and whole, or not at all."""

import contextlib
import glob
import os
import types
from collections.abc import Iterator
from pathlib import Path

from compare.errors import UsageError
from compare.formats.ours import sign, why_not_replaced


@contextlib.contextmanager
def writing_told(folder: str | Path, *, option: str) -> Iterator[None]:
    """Turns an error of writing into a sentence that names where it was written to.

    Raises:
      UsageError: for any OSError, as on a full disk.
    """
    try:
        yield
    except OSError as failure:
        why = failure.strerror or failure
        raise UsageError(f"{option} {folder}: nothing was written: {why}") from None


@contextlib.contextmanager
def staged_file(path: str, *, option: str) -> Iterator[Path]:
    """Yields the temporary path of one file, which appears at the end of the block or never.

    A link stays a link.

    Args:
      path: the final one.
      option: that gave the path, such as '--save_params', to be named in errors.

    Raises:
      UsageError: if no file can be written there.
    """
    final = Path(os.path.realpath(path))
    with Staging(final.parent, option=option) as staging:
        yield staging.path(final.name)


class Staging:
    """A folder to write into; as a context, its files appear at the end or never.

    Files are written under temporary names beside their final ones, and renamed when the `with`
    block ends. If it ends by an exception they are removed, and so are folders made for them. A
    file that this project did not write is never replaced.
    """

    def __init__(self, folder: str | Path, *, option: str) -> None:
        """Remembers the folder; `option`, such as '--out', is named in errors."""
        self._folder = Path(folder)
        self._option = option
        self._staged: dict[Path, Path] = {}  # temporary name -> final one
        self._made: list[Path] = []  # folders, innermost first

    def __enter__(self) -> "Staging":
        """Makes the folder and tries to write there.

        Raises:
          UsageError: if that fails.
        """
        try:
            self._made = [p for p in (self._folder, *self._folder.parents) if not p.exists()]
            self._folder.mkdir(parents=True, exist_ok=True)
            probe = self.path("probe")
            probe.touch()
            probe.unlink()
            del self._staged[probe]
        except OSError as error:
            self._clean_up()
            raise UsageError(
                f"{self._option} {self._folder}: expected a folder to write into: "
                f"{error.strerror or error}"
            ) from None
        return self

    def path(self, name: str) -> Path:
        """Returns the temporary path of a file that will be called `name`."""
        for stale in self._folder.glob(f".{glob.escape(name)}.*.tmp"):
            if not _is_running(stale.name.split(".")[-2]):  # a run that was killed left it
                stale.unlink(missing_ok=True)
        temporary = self._folder / f".{name}.{os.getpid()}.tmp"
        self._staged[temporary] = self._folder / name
        return temporary

    def write(self, name: str, content: str | bytes) -> None:
        """Writes a whole file, signed by its suffix as `ours.sign` does."""
        whole = content.encode() if isinstance(content, str) else content
        self.path(name).write_bytes(sign(whole, Path(name).suffix.lower()))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        """Renames everything, or removes it after an exception.

        Raises:
          UsageError: if writing failed, as on a full disk.
        """
        with writing_told(self._folder, option=self._option):
            if kind is None:
                try:
                    self._rename()
                except OSError:
                    self._clean_up()
                    raise
                return
            self._clean_up()
            if isinstance(error, OSError):
                raise error

    @property
    def names(self) -> tuple[str, ...]:
        """Final paths of the files staged so far."""
        return tuple(str(final) for final in self._staged.values())

    def _rename(self) -> None:
        for temporary, final in self._staged.items():
            temporary.stat()  # raises if it was never written
            why = why_not_replaced(final)
            if why is not None:
                raise FileExistsError(0, f"{final.name} {why}")
        for temporary, final in self._staged.items():
            os.replace(temporary, final)

    def _clean_up(self) -> None:
        for temporary in self._staged:
            with contextlib.suppress(OSError):  # as on a read-only file system
                temporary.unlink(missing_ok=True)
        for folder in self._made:
            try:
                folder.rmdir()
            except OSError:
                continue


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError, OverflowError):  # without a number it is none of ours
        pass
    return True
