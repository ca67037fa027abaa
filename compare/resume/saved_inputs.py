"""Weights, samples and gradients of a comparison as files, and the command that reads them."""

import dataclasses
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from compare.formats.atomic import Staging
from compare.formats.places import check_places, places_in
from compare.formats.write.npz import write_npz
from compare.formats.write.params import named_params
from compare.options.config import Config
from compare.options.reproduce import reproducing_flags
from compare.pipeline.compare import Sink
from compare.problem.answers import Answer, name_parameters
from compare.problem.problem import Problem

_FLAGS = "reproduce.flags"


class SavedInputs:
    """Collects the gradients that a user brings while they are compared; `write` saves them."""

    def __init__(
        self, folder: str | Path, names: Sequence[str], layout: str, on_block: Sink | None
    ) -> None:
        """Takes the folder that `write` writes into, and the names of what the user brings.

        Raises:
          UsageError: if `write` would replace a file that this project did not write.
        """
        files = [f"{name}.npz" for name in ("params", "data", *names)]
        check_places(places_in(folder, [*files, _FLAGS], option="save"))
        self._folder, self._layout, self._on_block = Path(folder), layout, on_block
        self._blocks: dict[str, list[dict[str, np.ndarray]]] = {name: [] for name in names}

    def add(self, start: int, answers: Mapping[str, Answer]) -> None:
        """Adds the answers to the next block, and passes them on."""
        for name, blocks in self._blocks.items():
            blocks.append(name_parameters(answers[name].grads, self._layout))
        if self._on_block is not None:
            self._on_block(start, answers)

    def write(self, problem: Problem, config: Config, sample: int) -> str:
        """Writes weights, samples and brought gradients, and the flags that read them.

        What is written names no folder, and may be carried to another machine.

        Args:
          problem: with the weights and samples.
          config: of the run.
          sample: the one to be computed again.

        Returns:
          The commands that compute it again, a line for a shell.

        Raises:
          UsageError: if the folder cannot be written into.
        """
        x, y = problem.batch(0, problem.n_samples)
        weights = named_params(problem.params, problem.layout, problem.network.biases)
        flags = reproducing_flags(self._config(config, problem.layout), sample)
        assert flags is not None
        with Staging(self._folder, option="save") as staging:
            _save(staging, "params.npz", weights)
            _save(staging, "data.npz", {"x": x, "y": y})
            for name, blocks in self._blocks.items():
                joined = {k: np.concatenate([block[k] for block in blocks]) for k in blocks[0]}
                in_order = {k: np.asarray(v, order="C") for k, v in joined.items()}
                _save(staging, f"{name}.npz", in_order)
            staging.write(_FLAGS, "\n".join([*flags, ""]))
        return f"cd {shlex.quote(str(self._folder))} && python -m compare.run --flagfile={_FLAGS}"

    def _config(self, config: Config, layout: str) -> Config:
        """Returns the config of a run that reads the files, in their folder."""
        return dataclasses.replace(
            config,
            params="params.npz",
            data="data.npz",
            layout=layout,
            candidate=(),
            candidate_returns="gradients",  # which is what is saved of an update
            learning_rate=None,
            reduction=None,  # what is saved is of single samples
            batch_size=None,
            baseline=None if config.baseline is None else os.path.abspath(config.baseline),
            gradients=tuple(f"{name}.npz" for name in self._blocks),
            out=".",
        )


def _save(staging: Staging, name: str, arrays: Mapping[str, np.ndarray]) -> None:
    with open(staging.path(name), "wb") as file:
        write_npz(file, arrays)
