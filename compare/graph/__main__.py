"""`python -m compare.graph`: a network -> its graphs as files."""

import dataclasses
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from compare.errors import UsageError
from compare.graph.pictures.graphviz import FORMATS, MISSING, can_draw
from compare.options.command_line import config_of
from compare.options.config import OPTIONS
from compare.options.exit_status import exit_with
from compare.options.option import folder, names, rows, text
from compare.options.parse import Parsed, parse
from compare.options.streams import print_written

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


@dataclasses.dataclass(frozen=True)
class Options:
    """What this command takes beside the network."""

    module: str | None = text(
        None,
        "FILE.py:NAME",
        "Draw this torch.nn.Module, FILE.py:NAME or package.module:NAME: a module, or a class or "
        "function that makes one without arguments.",
    )
    out: str = folder("out", "The folder for the graphs.")
    formats: tuple[str, ...] = names(
        FORMATS,
        "KIND,KIND,...",
        "Of pictures: some of svg, png and pdf, or empty for the texts alone.",
    )


_NETWORK = ("layer_sizes", "activation", "init", "seed", "params", "layout", "dtype", "cast")
_OF_NETWORK = {name: OPTIONS[name] for name in _NETWORK}  # as compare.run has them
_OWN = rows(Options)
_SECTIONS = {
    "The network": (*_OF_NETWORK, "module"),
    "The output": ("out", "formats"),
    "Other": ("flagfile", "help"),
}


def main(argv: Sequence[str]) -> int:
    """Draws and returns the exit status.

    Raises:
      UsageError: if something cannot be as asked; no file in --out was touched then.
    """
    parsed = parse(argv, _OF_NETWORK | _OWN, usage=USAGE, sections=_SECTIONS)
    parsed.refuse_words(such_as="--layer_sizes=2,3,1")
    own = Options(**{name: parsed.values[name] for name in _OWN})
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    network, options = _network(parsed, own.module)
    from compare.graph import draw

    paths = draw(network, out=own.out, formats=own.formats, **options)
    print_written(paths)
    if own.formats and not can_draw():
        print(f"No picture was drawn: {MISSING}")
    return 0


def _network(
    parsed: Parsed, module: str | None
) -> "tuple[nn.Module | tuple[int, ...], dict[str, Any]]":
    """Returns a module, or layer sizes and what else is asked for."""
    if module is None:
        return _sizes(parsed), {name: parsed.values[name] for name in ("activation", "dtype")}
    for name in _OF_NETWORK:
        if name in parsed.typed:
            raise UsageError(f"{name}: --module brings the whole network; drop one of the two")
    from compare.implementations.user.module_flag import load_module

    return load_module(module), {}


def _sizes(parsed: Parsed) -> tuple[int, ...]:
    """Returns the sizes that the flags or a file of weights have."""
    config = dataclasses.replace(config_of(parsed, _OF_NETWORK), samples=1)
    if config.params is None:
        assert config.layer_sizes is not None
        return config.layer_sizes
    from compare.problem.problem import make_problem

    return make_problem(config).layer_sizes


if __name__ == "__main__":
    exit_with(main, "compare.graph")
