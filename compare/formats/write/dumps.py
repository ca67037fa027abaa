"""Gradients as files, a block at a time: text that `diff` understands, or `.npz`.

Text is one value a line, `sample parameter row column value`, under the same header in every
file. Samples, rows and columns count from 0, parameters from 1 (w1); a bias has row 0. A value has
enough digits to be read back to the same bits.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import IO, Any

import numpy as np

from compare.formats.atomic import Staging
from compare.formats.dtypes import decimal_digits
from compare.options.config import Config
from compare.options.table import LARGEST_TEXT_DUMP

STEMS = {"jax_grad": "jax_autograd", "jax_manual": "my_autograd"}  # others: their own name
HEADER = "# gradients of {network}, {n} samples, {dtype}, {layout}"
COLUMNS = "# sample parameter row column value"


def stem_of(implementation: str) -> str:
    """Names the files of an implementation: of jax_grad@cuda:0 it is jax_autograd@cuda0."""
    name, at, device = implementation.partition("@")
    return f"{STEMS.get(name, name)}{at}{device.replace(':', '')}"


def dump_format(config: Config) -> str:
    """Returns 'text', 'npz' or 'none', with 'auto' decided by the number of samples."""
    if config.dumps != "auto":
        return config.dumps
    if config.only_sample is not None:
        return "none"
    assert config.samples is not None
    return "text" if config.samples <= LARGEST_TEXT_DUMP else "none"


class Dumps:
    """The dump files of one run; a context manager, to be fed with blocks in order."""

    def __init__(self, staging: Staging, config: Config) -> None:
        """Takes the folder to stage files in and the config, its sizes and samples known."""
        self._staging = staging
        self._config = config
        self._format = dump_format(config)
        self._parts = ("w", "b") if config.split_dumps else ("wb",)
        self._open = contextlib.ExitStack()
        self._texts: dict[str, IO[str]] = {}
        self._arrays: dict[str, dict[str, list[np.ndarray]]] = {}

    def __enter__(self) -> "Dumps":
        return self

    def add(self, first_sample: int, block: Mapping[str, dict[str, np.ndarray]]) -> None:
        """Writes one block: implementation -> parameter -> [N, ...]."""
        if self._format == "none":
            return
        for implementation, parameters in block.items():
            for part in self._parts:
                arrays = {k: v for k, v in parameters.items() if k[0] in part}
                name = stem_of(implementation)
                name += f"_{part}" if len(self._parts) > 1 else ""
                if self._format == "text":
                    self._add_text(f"{name}.dat", first_sample, arrays)
                else:
                    self._add_arrays(f"{name}.npz", arrays)

    def finish(self) -> None:
        """Writes `.npz` files, after the last block."""
        for name, blocks in self._arrays.items():
            with open(self._staging.path(name), "wb") as file:
                write_npz(file, {k: np.concatenate(v) for k, v in blocks.items()})

    def __exit__(self, *raised: object) -> None:
        """Closes text files."""
        self._open.close()

    def _add_text(self, name: str, first_sample: int, arrays: dict[str, np.ndarray]) -> None:
        if name not in self._texts:
            file = open(self._staging.path(name), "w", encoding="utf-8")  # noqa: SIM115
            self._texts[name] = self._open.enter_context(file)
            dtype = next(iter(arrays.values())).dtype
            self._texts[name].write(f"{self._header(dtype)}\n{COLUMNS}\n")
        self._texts[name].writelines(text_lines(first_sample, arrays))

    def _add_arrays(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        held = self._arrays.setdefault(name, {})
        for parameter, array in arrays.items():
            held.setdefault(parameter, []).append(array)

    def _header(self, dtype: np.dtype) -> str:
        sizes = "-".join(map(str, self._config.layer_sizes or ()))
        return HEADER.format(
            network=f"{sizes} {self._config.activation}",
            n=self._config.samples,
            dtype=dtype,
            layout=self._config.layout,
        )


def write_npz(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays of one dtype as an archive.

    NumPy does not know bfloat16, which is widened to float32; an entry `dtype` then says what the
    numbers are, for readers of ours.
    """
    stored: dict[str, Any] = dict(arrays)
    if any(array.dtype.name == "bfloat16" for array in arrays.values()):
        stored = {name: array.astype(np.float32) for name, array in arrays.items()}
        stored["dtype"] = np.array("bfloat16")
    np.savez(file, **stored)


def text_lines(first_sample: int, arrays: Mapping[str, np.ndarray]) -> Sequence[str]:
    """Returns the text of every sample, [N] strings of many lines each.

    Args:
      first_sample: the number of the first one.
      arrays: parameter -> [N, rows, columns] or [N, columns].
    """
    lines = [
        f"\0 {name} {row} {column} {_number_format(array.dtype)}\n"
        for name, array in arrays.items()
        for row, column in np.ndindex(*(1, *array.shape[1:])[-2:])
    ]
    template = "".join(lines)
    values = np.concatenate([v.reshape(len(v), -1) for v in arrays.values()], axis=1)
    return [
        template.replace("\0", str(sample)) % tuple(row)
        for sample, row in enumerate(values.tolist(), start=first_sample)
    ]


def _number_format(dtype: np.dtype) -> str:
    return f"%.{decimal_digits(dtype.name)}g"
