"""Weights and samples: made once, in NumPy, from the seed or from what people bring."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from compare.catalogue import output_of
from compare.errors import UsageError
from compare.formats.conversion import round_once
from compare.formats.dtypes import dtype_of
from compare.formats.read.data import read_data
from compare.formats.read.params import ParamsReadings, read_params
from compare.formats.reading import Reading
from compare.options.config import Config
from compare.problem.labels import Labels
from compare.problem.memory import check_network
from compare.problem.network import Network, make_network
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
    layout: str = "in_out"  # in which weight matrices are reported
    reading: Reading | None = None  # of weights that somebody brought

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


@dataclasses.dataclass(frozen=True)
class Problems:
    """The problem that is meant: one, or several where weights may be read in several ways."""

    candidates: tuple[Problem, ...]  # the most likely first
    doubt: str | None = None  # what to say of layers whose order nobody has said
    likely: bool = True  # whether the first may be taken all the same

    def with_biases(self, biases: tuple[bool, ...]) -> "Problems":
        """Returns the same where some layers have no bias; b of these is 0.

        Args:
          biases: whether each layer has one.
        """
        if all(biases):
            return self
        candidates = (
            dataclasses.replace(one, network=dataclasses.replace(one.network, biases=biases))
            for one in self.candidates
        )
        return dataclasses.replace(self, candidates=tuple(candidates))

    def reported_in(self, layout: str) -> "Problems":
        """Returns the same with reports in a layout, and nothing said of how weights were read."""
        return dataclasses.replace(
            self,
            candidates=tuple(
                dataclasses.replace(one, layout=layout, reading=None) for one in self.candidates
            ),
        )


def make_problem(config: Config) -> Problem:
    """Returns the most likely of the problems that `make_problems` makes; errors are the same."""
    return make_problems(config).candidates[0]


def make_problems(config: Config, weights: Params = ()) -> Problems:
    """Draws or reads the weights and samples that the config asks for.

    Args:
      config: the options.
      weights: NumPy weights that are there already; () for none.

    Raises:
      UsageError: if a file does not hold what it should or contradicts a flag, or if the network
        does not fit into memory.
    """
    dtype = dtype_of(config.dtype)
    make = _problem_maker(config)
    if config.params is None:
        drawn = make(frozen(weights or draw_params(config, dtype)))
        return Problems((dataclasses.replace(drawn, layout=config.layout or "in_out"),))
    read = read_params(config.params, layout=config.layout, dtype=dtype, cast=config.cast)
    return problems_of(read, config.layout, make)


def problems_of(
    read: ParamsReadings, layout: str | None, make: Callable[[Params], Problem]
) -> Problems:
    """Makes a problem of every reading of weights, but for those that the samples do not fit.

    Args:
      read: the readings.
      layout: in which matrices are to be reported; None for that in which they came.
      make: makes a problem of weights.

    Raises:
      UsageError: if none can be made.
    """
    made: list[Problem] = []
    fault: UsageError | None = None
    for params, reading in read.found:
        own = "in_out" if read.by_format else reading.layout
        try:
            problem = make(frozen(params))
        except UsageError as error:
            fault = fault or error
        else:
            network = _with_biases(problem.network, reading)
            made.append(
                dataclasses.replace(problem, network=network, layout=layout or own, reading=reading)
            )
    if not made:
        assert fault is not None
        raise fault
    return Problems(tuple(made), read.doubt, read.likely)


def _with_biases(network: Network, reading: Reading) -> Network:
    """Returns a network whose layers have no bias where the weights were read without one."""
    if all(reading.biases):
        return network
    has = (network.has_bias(i) and there for i, there in enumerate(reading.biases))
    return dataclasses.replace(network, biases=tuple(has))


def _problem_maker(config: Config) -> Callable[[Params], Problem]:
    """Returns what makes a problem of weights and the samples that are asked for, read once."""

    @functools.cache
    def samples(d: int, k: int) -> tuple[int, Batches]:
        return _samples(config, d, k)

    def make(params: Params) -> Problem:
        sizes = layer_sizes(params)
        check_network(parameter_count(sizes))
        if config.layer_sizes not in (None, sizes):
            asked, found = (",".join(map(str, s)) for s in (config.layer_sizes, sizes))
            raise UsageError(
                f"layer_sizes: {asked} contradicts {config.params or config.module}, which holds "
                f"{found}; leave out --layer_sizes"
            )
        network = make_network(
            sizes,
            config.activation,
            loss=config.loss,
            output=config.output,
            l2=config.l2,
            bias=config.bias,
        )
        check_biases(network, params, config.params)
        return Problem(params, network, *samples(sizes[0], sizes[-1]))

    return make


def _samples(config: Config, d: int, k: int) -> tuple[int, Batches]:
    """Returns how many samples there are, and their source."""
    dtype = dtype_of(config.dtype)
    labels = Labels(output_of(config.output, config.loss), config.loss, k, config.seed or 0)
    if config.data is None:
        assert config.samples is not None
        assert config.seed is not None
        return config.samples, random_batches(config.seed, d, labels, dtype)
    samples = read_data(
        config.data,
        n_inputs=d,
        n_outputs=k,
        dtype=dtype,
        cast=config.cast,
        classes=labels.are_classes,
    )
    there = samples.x.shape[0]
    n_samples = there if config.samples is None else config.samples
    if n_samples > there:
        raise UsageError(f"samples: expected at most the {there} in {config.data}, got {n_samples}")
    return n_samples, stored_batches(samples, labels, f"--data {config.data}")


def draw_params(config: Config, dtype: np.dtype) -> Params:
    """Draws the weights and biases that a config with layer sizes, init and seed asks for.

    Raises:
      UsageError: if they do not fit into memory.
    """
    assert config.layer_sizes is not None
    assert config.init is not None
    check_network(parameter_count(config.layer_sizes))
    seed = np.random.SeedSequence(config.seed, spawn_key=(_STREAM,))
    rng = np.random.default_rng(seed)
    drawn = init_params(rng, config.layer_sizes, init=config.init, dtype=np.float64)
    if config.bias == "none":
        drawn = tuple(Layer(w, np.zeros_like(b)) for w, b in drawn)
    return tuple(Layer(*(round_once(leaf, dtype) for leaf in layer)) for layer in drawn)


def check_biases(network: Network, params: Params, where: str | None) -> None:
    """Checks that what is no bias is 0 everywhere.

    Raises:
      UsageError: naming the first that is not.
    """
    for i, (_, b) in enumerate(params):
        if not network.has_bias(i) and np.any(b != 0):
            raise UsageError(
                f"bias: expected none, got b{i + 1} in {where or 'params'} with numbers other than "
                "0; leave out --bias=none"
            )
