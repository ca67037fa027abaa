"""Weights and samples: made once, in NumPy, from the seed or from what people bring."""

import dataclasses

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import round_once
from compare.formats.dtypes import dtype_of
from compare.formats.read.data import read_data
from compare.formats.read.params import read_params
from compare.options.config import Config
from compare.problem.memory import check_network
from compare.problem.network import Network, uniform_network
from compare.problem.samples import Batches, frozen, random_batches, stored_batches
from jaxmlp.base import Layer, Params, layer_sizes, parameter_count
from jaxmlp.mlp import init_params

_STREAM = 0  # of a seed; samples have stream 1


@dataclasses.dataclass(frozen=True)
class Problem:
    """One network and N samples; every array is NumPy and read-only."""

    params: Params
    network: Network
    n_samples: int
    batch: Batches

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """(d, n_1, ..., k)."""
        return self.network.layer_sizes

    @property
    def dtype(self) -> np.dtype:
        """Of weights and samples."""
        return self.params[0].w.dtype

    def complete_config(self, config: Config) -> Config:
        """Returns the config with what the problem has settled: layer sizes and samples.

        Raises:
          UsageError: if the sample to trace is not among them.
        """
        return dataclasses.replace(config, layer_sizes=self.layer_sizes, samples=self.n_samples)


def make_problem(config: Config) -> Problem:
    """Draws or reads the weights and samples that the config asks for.

    Raises:
      UsageError: if a file does not hold what it should or contradicts a flag, or if the network
        does not fit into memory.
    """
    dtype = dtype_of(config.dtype)
    params = _make_params(config, dtype)
    sizes = layer_sizes(params)
    network = uniform_network(sizes, config.activation)
    if config.data is None:
        assert config.samples is not None
        assert config.seed is not None
        batch = random_batches(config.seed, sizes[0], sizes[-1], dtype)
        return Problem(frozen(params), network, config.samples, batch)
    samples = read_data(
        config.data, n_inputs=sizes[0], n_outputs=sizes[-1], dtype=dtype, cast=config.cast
    )
    there = samples.x.shape[0]
    n_samples = there if config.samples is None else config.samples
    if n_samples > there:
        raise UsageError(f"samples: expected at most the {there} in {config.data}, got {n_samples}")
    batch = stored_batches(samples, sizes[-1])
    return Problem(frozen(params), network, n_samples, batch)


def _make_params(config: Config, dtype: np.dtype) -> Params:
    if config.params is None:
        assert config.layer_sizes is not None
        assert config.init is not None
        check_network(parameter_count(config.layer_sizes))
        seed = np.random.SeedSequence(config.seed, spawn_key=(_STREAM,))
        rng = np.random.default_rng(seed)
        drawn = init_params(rng, config.layer_sizes, init=config.init, dtype=np.float64)
        return tuple(Layer(*(round_once(leaf, dtype) for leaf in layer)) for layer in drawn)
    params = read_params(config.params, layout=config.layout, dtype=dtype, cast=config.cast)
    if config.layer_sizes not in (None, layer_sizes(params)):
        asked, found = (",".join(map(str, s)) for s in (config.layer_sizes, layer_sizes(params)))
        raise UsageError(
            f"layer_sizes: {asked} contradicts {config.params}, which holds {found}; "
            "leave out --layer_sizes"
        )
    check_network(parameter_count(layer_sizes(params)))
    return params
