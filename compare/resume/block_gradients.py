"""The gradients of all blocks: in memory or, once there are many, on disk."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from compare.formats.atomic import Staging
from compare.formats.dtypes import dtype_of
from compare.formats.read.npz import read_npz
from compare.problem.answers import Answer, NamedGrads, name_parameters
from compare.resume.folder import sync
from compare.resume.sources import digest_of

AnswerAgain = Callable[[int], Mapping[str, Answer]]  # first sample -> answers of its block

MOST_HELD = 2**27  # bytes in memory


class BlockGradients:
    """Gradients by the first sample of their block; those on disk may be of an earlier run.

    A file is used if it is the one that was written, which its digest tells.
    """

    def __init__(self, folder: Path) -> None:
        """Takes the folder that `flush` writes into."""
        self._folder = folder
        self._held: dict[int, NamedGrads] = {}
        self._bytes = 0  # of what is held
        self.digests: dict[str, str] = {}  # of the files on disk, by their first samples

    def add(self, start: int, answers: Mapping[str, Answer]) -> None:
        """Adds the gradients of a block."""
        self._held[start] = _named(answers)
        arrays = (a for of in self._held[start].values() for a in of.values())
        self._bytes += sum(array.nbytes for array in arrays)

    @property
    def full(self) -> bool:
        """Whether memory holds so much that it is time to write."""
        return self._bytes > MOST_HELD

    def flush(self) -> None:
        """Moves everything in memory to disk.

        Raises:
          UsageError: if that fails; what was not written stays in memory.
        """
        for start in list(self._held):
            with Staging(self._folder, option="--out") as staging:
                arrays = {
                    f"{name}/{parameter}/{array.dtype.name}": _as_integers(array)
                    for name, of in self._held[start].items()
                    for parameter, array in of.items()
                }
                path = staging.path(_file_name(start))
                with open(path, "wb") as file:
                    np.savez(file, **arrays)  # type: ignore[arg-type]
                sync(path)
                digest = digest_of(path)
            self.digests[str(start)] = digest
            del self._held[start]
        self._bytes = 0

    def read(self, starts: Iterable[int], again: AnswerAgain) -> Iterator[tuple[int, NamedGrads]]:
        """Yields the first sample and the gradients of each block that starts there.

        Args:
          starts: the first samples.
          again: computes a block whose file is not there, or not the one that was written.
        """
        for start in starts:
            if start in self._held:
                yield start, self._held[start]
            elif self._is_kept(start):
                yield start, self._load(start)
            else:
                yield start, _named(again(start))

    def _is_kept(self, start: int) -> bool:
        """Whether a file is the one that was written; says so if it is not."""
        path = self._folder / _file_name(start)
        digest = digest_of(path)
        if digest == self.digests.get(str(start)):
            return True
        what = digest if digest == "not there" else "not as it was written"
        print(
            f"--out: {path} is {what}; the gradients of the block that begins with sample {start} "
            "are computed again",
            file=sys.stderr,
        )
        return False

    def _load(self, start: int) -> NamedGrads:
        grads: NamedGrads = {}
        stored = read_npz(str(self._folder / _file_name(start)), option="--out")
        for key, array in stored.items():
            name, parameter, dtype = key.rsplit("/", 2)
            grads.setdefault(name, {})[parameter] = array.view(dtype_of(dtype))
        return grads


def _named(answers: Mapping[str, Answer]) -> NamedGrads:
    return {
        name: {
            k: np.array(v, order="C") for k, v in name_parameters(answer.grads, "in_out").items()
        }
        for name, answer in answers.items()
    }


def _file_name(start: int) -> str:
    return f"block_{start}.npz"


def _as_integers(array: np.ndarray) -> np.ndarray:
    """Returns the same bits as integers, as `.npz` files do not know bfloat16."""
    return array.view(f"u{array.itemsize}")
