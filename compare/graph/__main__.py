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
from compare.problem.network import make_network

if TYPE_CHECKING:
    from compare.graph.explanation import Explanation

USAGE = """\
Draws how the gradient of one sample comes about, and explains every node: torch's autograd graph,
the jaxpr of jax.value_and_grad, and which node of one does what which equations of the other do.

  python -m compare.graph
  python -m compare.graph --layer_sizes=4,8,8,2 --activation=tanh
  python -m compare.graph --params=weights.pt --activation=relu
  python -m compare.graph --layer_sizes=4,8,3 --output=softmax --loss=cross_entropy --l2=0.01
  python -m compare.graph --module=net.py:Net

The graphs depend on no numbers; --init and --seed are taken so that the flags of a network can be
those of compare.run. Pictures take
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


_BOTH = ("activation", "output", "loss", "bias", "l2", "dtype")  # a module may be asked for them
_WEIGHTS = ("layer_sizes", "init", "seed", "params", "layout", "cast")  # a module brings them
# as compare.run has them
_OF_NETWORK = {name: OPTIONS[name] for name in OPTIONS if name in (*_BOTH, *_WEIGHTS)}
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
    from compare.graph.files import check_files, write

    check_files(own.out, own.formats)
    explanation = _of_sizes(parsed) if own.module is None else _of_module(parsed, own.module)
    print_written(write(explanation, out=own.out, formats=own.formats))
    if own.formats and not can_draw():
        print(f"No picture was drawn: {MISSING}")
    return 0


def _of_module(parsed: Parsed, module: str) -> "Explanation":
    for name in _WEIGHTS:
        if name in parsed.typed:
            raise UsageError(f"{name}: --module brings the whole network; drop one of the two")
    from compare.graph import explain_network
    from compare.implementations.user.module_flag import load_module

    asked: Any = {name: parsed.values[name] for name in _BOTH if name in parsed.typed}
    return explain_network(load_module(module), **asked)


def _of_sizes(parsed: Parsed) -> "Explanation":
    """Of the network that the flags or a file of weights have."""
    config = dataclasses.replace(config_of(parsed, _OF_NETWORK), samples=1)
    from compare.graph.explanation import explain_plain

    if config.params is not None:
        from compare.problem.problem import make_problem

        return explain_plain(make_problem(config).network, config.dtype)
    assert config.layer_sizes is not None
    network = make_network(
        config.layer_sizes,
        config.activation,
        loss=config.loss,
        output=config.output,
        l2=config.l2,
        bias=config.bias,
    )
    return explain_plain(network, config.dtype)


if __name__ == "__main__":
    exit_with(main, "compare.graph")
