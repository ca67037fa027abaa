"""The gradients of a run as files, a block at a time: text, or `.npz`."""

import contextlib
from collections.abc import Iterable, Mapping
from typing import IO

import numpy as np

from compare.catalogue import words_of_end
from compare.formats.atomic import Staging
from compare.formats.write.dump import COLUMNS, HEADER, text_lines
from compare.formats.write.growing_npz import GrowingNpz
from compare.options.config import Config
from compare.options.run_options import LARGEST_TEXT_DUMP


def dump_format(config: Config) -> str:
    """Returns 'text', 'npz' or 'none', with 'auto' decided by the number of samples."""
    if config.dumps != "auto":
        return config.dumps
    if config.only_sample is not None:
        return "none"
    assert config.samples is not None
    return "text" if config.samples <= LARGEST_TEXT_DUMP else "none"


def dump_names(config: Config, stems: Iterable[str]) -> list[str]:
    """Returns the names of all dumps, by what the names for each implementation begin with."""
    suffix = {"text": ".dat", "npz": ".npz"}.get(dump_format(config))
    return [f"{stem}{part}{suffix}" for stem in stems for part in _parts(config) if suffix]


def _parts(config: Config) -> dict[str, str]:
    """How names end before their suffix -> the kinds of parameters in that file."""
    return {"_w": "w", "_b": "b"} if config.split_dumps else {"": "wb"}


class Dumps:
    """The dump files of one run; a context manager, to be fed with blocks in order."""

    def __init__(self, staging: Staging, config: Config) -> None:
        """Takes the folder to stage files in and the config, its sizes and samples known."""
        self._staging = staging
        self._config = config
        self._format = dump_format(config)
        self._parts = _parts(config)
        self._open = contextlib.ExitStack()
        self._texts: dict[str, IO[str]] = {}
        self._archives: dict[str, GrowingNpz] = {}

    def __enter__(self) -> "Dumps":
        return self

    def add(self, first_sample: int, block: Mapping[str, dict[str, np.ndarray]]) -> None:
        """Writes one block: what file names begin with -> parameter -> [N, ...]."""
        if self._format == "none":
            return
        for stem, parameters in block.items():
            dtype = next(iter(parameters.values())).dtype
            for part, kinds in self._parts.items():
                arrays = {k: v for k, v in parameters.items() if k[0] in kinds}
                if self._format == "text":
                    self._add_text(f"{stem}{part}.dat", dtype, first_sample, arrays)
                else:
                    self._add_arrays(f"{stem}{part}.npz", arrays)

    def finish(self) -> None:
        """Completes `.npz` files, after the last block."""
        for archive in self._archives.values():
            archive.finish()

    def __exit__(self, *raised: object) -> None:
        """Closes all files."""
        self._open.close()

    def _add_text(
        self, name: str, dtype: np.dtype, first_sample: int, arrays: dict[str, np.ndarray]
    ) -> None:
        if name not in self._texts:
            file = open(self._staging.path(name), "w", encoding="utf-8")  # noqa: SIM115
            self._texts[name] = self._open.enter_context(file)
            self._texts[name].write(f"{self._header(dtype)}\n{COLUMNS}\n")
        if arrays:  # where no layer has a bias there may be none
            self._texts[name].writelines(text_lines(first_sample, arrays))

    def _add_arrays(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        if name not in self._archives:
            assert self._config.samples is not None
            file = open(self._staging.path(name), "wb")  # noqa: SIM115
            archive = GrowingNpz(self._open.enter_context(file), self._config.samples)
            self._archives[name] = archive
        self._archives[name].add(arrays)

    def _header(self, dtype: np.dtype) -> str:
        config, sizes = self._config, "-".join(map(str, self._config.layer_sizes or ()))
        end = words_of_end(config.output, config.loss, config.l2)
        return HEADER.format(
            network=f"{sizes} {config.activation}{end}",
            n=config.samples,
            dtype=dtype,
            layout=config.layout,
        )
