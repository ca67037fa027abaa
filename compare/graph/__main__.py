"""`python -m compare.graph`: a network -> its graphs as files."""

import dataclasses
import os
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from absl import flags

from compare.errors import UsageError
from compare.graph.pictures.graphviz import FORMATS, MISSING, can_draw
from compare.options import command_line
from compare.options.definitions import define_flags

if TYPE_CHECKING:
    from torch import nn

USAGE = """\
Draws how the gradient of one sample comes about, and explains every node: torch's autograd graph,
the jaxpr of jax.value_and_grad, and which node of one does what which equations of the other do.

  python -m compare.graph
  python -m compare.graph --layer_sizes=4,8,8,2 --activation=tanh
  python -m compare.graph --params=weights.pt --activation=relu
  python -m compare.graph --module=net.py:Net

The graphs depend on the sizes, the activation and the dtype alone; --init and --seed are taken so
that the flags of a network can be those of compare.run. Pictures take
`pip install "jaxmlp[graph]"`; without it the .dot texts and graph.md are written.

Exit status: 0 if it could be drawn, 1 for wrong usage or a crash."""

_NETWORK = ("layer_sizes", "activation", "init", "seed", "params", "layout", "dtype", "cast")
SECTIONS = {
    "The network": (
        "layer_sizes=N,N,...",
        "activation",
        "init",
        "seed=N",
        "params=FILE",
        "layout",
        "dtype",
        "cast",
        "module=FILE.py:NAME",
    ),
    "The output": ("out=FOLDER", "formats=KIND,KIND,..."),
    "Other": ("flagfile=FILE", "help"),
}


def main(argv: Sequence[str]) -> int:
    """Draws and returns the exit status.

    Raises:
      UsageError: if something cannot be as asked; no file in --out was touched then.
    """
    values = _flags()
    words = command_line.parse(argv, values, usage=USAGE, sections=SECTIONS)
    if words:
        raise UsageError(
            f"expected flags only, such as --layer_sizes=2,3,1, got {' '.join(map(repr, words))}"
        )
    formats = tuple(values.formats)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    network, options = _network(values)
    from compare.graph import draw

    names = draw(network, out=values.out, formats=formats, **options)
    written = f"Written: {', '.join(names)}"
    print(textwrap.fill(written, 100, break_long_words=False, break_on_hyphens=False))
    if formats and not can_draw():
        print(f"No picture was drawn: {MISSING}")
    return 0


def _flags() -> flags.FlagValues:
    """Takes the network's flags as compare.run has them, and adds those of this command."""
    values, of_run = flags.FlagValues(), define_flags()
    for name in (*_NETWORK, "out"):
        flags.DEFINE_flag(of_run[name], values)
    values["out"].help = "The folder for the graphs."
    flags.DEFINE_string(
        "module",
        None,
        "Draw this torch.nn.Module, FILE.py:NAME or package.module:NAME: a module, or a class or "
        "function that makes one without arguments.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "formats",
        list(FORMATS),
        "Of pictures: some of svg, png and pdf, or empty for the texts alone.",
        flag_values=values,
    )
    return values


def _network(values: flags.FlagValues) -> "tuple[nn.Module | tuple[int, ...], dict[str, Any]]":
    """Returns a module, or layer sizes and what else is asked for."""
    if values.module is None:
        return _sizes(values), {"activation": values.activation, "dtype": values.dtype}
    for name in _NETWORK:
        if values[name].present:
            raise UsageError(f"{name}: --module brings the whole network; drop one of the two")
    from compare.graph.torch.module import load_module

    return load_module(values.module), {}


def _sizes(values: flags.FlagValues) -> tuple[int, ...]:
    """Returns the sizes that the flags or a file of weights have."""
    from compare.options.flags import config_from_argv
    from compare.problem.problem import make_problem

    given = [f"--{name}={_text(values[name])}" for name in _NETWORK if values[name].present]
    config = dataclasses.replace(config_from_argv(["", *given]), samples=1)
    if config.params is None:
        assert config.layer_sizes is not None
        return config.layer_sizes
    return make_problem(config).layer_sizes


def _text(flag: flags.Flag) -> str:
    return ",".join(flag.value) if isinstance(flag.value, list) else str(flag.value)


if __name__ == "__main__":
    command_line.exit_with(main, "compare.graph")
