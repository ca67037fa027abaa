"""`python -m compare.graph`: a network -> its graphs as files."""

import dataclasses
import inspect
import os
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from compare.catalogue import LOSSES
from compare.errors import UsageError
from compare.graph.pictures.graphviz import FORMATS, MISSING, can_draw
from compare.options.command_line import config_of
from compare.options.config import OPTIONS
from compare.options.exit_status import exit_with
from compare.options.option import folder, integers, names, rows, text
from compare.options.parse import Parsed, parse
from compare.options.streams import print_written, terminal_width
from compare.problem.network import make_network
from compare.quoting import quoted

if TYPE_CHECKING:
    from compare.graph.explanation import Explanation

USAGE = """\
Draws how the gradient of one sample comes about, and explains every node:
torch's autograd graph, the jaxpr of jax.value_and_grad, and which node of one
does what which equations of the other do.

  python -m compare.graph
  python -m compare.graph --layer_sizes=4,8,8,2 --activation=tanh
  python -m compare.graph --params=weights.pt --activation=relu
  python -m compare.graph --layer_sizes=4,8,3 --loss=cross_entropy --l2=0.01
  python -m compare.graph --module=net.py:Net

The graphs depend on no numbers; --init and --seed are taken so that the flags
of a network can be those of compare.run. Pictures take
`pip install "jaxmlp[graph]"`; without it the .dot texts and graph.md are
written.

Exit status: 0 if it could be drawn, 1 for wrong usage or a crash."""


def _sizes(name: str, value: Any) -> None:
    if any(n < 1 for n in value):
        raise UsageError(f"{name}: expected positive integers between commas, got {value}")


def _named_or_own(name: str, value: Any) -> None:
    if value not in LOSSES and ":" not in value:
        raise UsageError(
            f"{name}: expected one of {', '.join(LOSSES)}, or FILE.py:NAME, a loss of your own, "
            f"got {value!r}"
        )


@dataclasses.dataclass(frozen=True)
class Options:
    """What this command takes beside the network."""

    module: str | None = text(
        None,
        "FILE.py:NAME",
        "Draw this torch.nn.Module, FILE.py:NAME or package.module:NAME: a module, or a class or "
        "function that makes one without arguments.",
    )
    input_shape: tuple[int, ...] = integers(
        (),
        "The shape of one sample, for a module that is no chain of layers, whose first layer does "
        "not say it.",
        check=_sizes,
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


_OF_NETWORK["loss"] = _OF_NETWORK["loss"]._replace(
    kind="text",
    word="NAME",
    choices=(),
    check=_named_or_own,
    help=f"The loss of a sample, one of {', '.join(LOSSES)}, as in compare.run; or FILE.py:NAME, "
    "one of your own: a function, or a module, of the torch tensors yhat and y.",
)
_OF_NETWORK["layout"] = _OF_NETWORK["layout"]._replace(
    help="The layout of weight matrices in --params: in_out is [n_in, n_out], z = x w + b; out_in "
    "is its transpose, as in torch. Without it, the one that fits; where both do, in_out.",
)
_SECTIONS = {
    "The network": (*_OF_NETWORK, "module", "input_shape"),
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
    for name, option in (_OF_NETWORK | _OWN).items():
        option.check_value(name, parsed.values[name])
    own = Options(**{name: parsed.values[name] for name in _OWN})
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    from compare.graph.files import check_files, write

    check_files(own.out, own.formats)
    explanation = (_of_sizes if own.module is None else _of_module)(parsed, own)
    print_written(write(explanation, out=own.out, formats=own.formats))
    if explanation.jax is None:
        print(textwrap.fill(quoted(f"No graph of JAX: {explanation.reason}."), terminal_width()))
    if own.formats and not can_draw():
        print(f"No picture was drawn: {MISSING}")
    return 0


def _of_module(parsed: Parsed, own: Options) -> "Explanation":
    for name in _WEIGHTS:
        if name in parsed.typed:
            raise UsageError(f"{name}: --module brings the whole network; drop one of the two")
    from compare.graph import explain_network
    from compare.implementations.user.module_flag import load_module

    assert own.module is not None
    module = load_module(own.module)
    asked: Any = {name: parsed.values[name] for name in _BOTH if name in parsed.typed}
    if ":" in asked.get("loss", ""):
        asked["loss"] = _own_loss(asked["loss"])
    return explain_network(module, input_shape=own.input_shape or None, **asked)


def _own_loss(reference: str) -> Any:
    """Imports a loss, or what makes one: a class of modules."""
    from compare.implementations.user.loading import load_candidate
    from compare.implementations.user.sandbox import contained, errors_told

    found: Any = inspect.unwrap(load_candidate(reference, option="--loss"))
    if isinstance(found, type):
        with contained(), errors_told(f"--loss={reference}: cannot be made"):
            found = found()
    return found


def _of_sizes(parsed: Parsed, own: Options) -> "Explanation":
    """Of the network that the flags or a file of weights have."""
    from compare.graph.explanation import explain_plain

    if own.input_shape:
        raise UsageError("input_shape: it is that of a --module, and there is none; leave it out")
    loss = parsed.values["loss"]
    if ":" in loss:
        parsed.values["loss"] = OPTIONS["loss"].default
    config = dataclasses.replace(config_of(parsed, _OF_NETWORK), samples=1)
    if config.params is not None:
        from compare.problem.problem import make_problem

        network = make_problem(config).network
    else:
        assert config.layer_sizes is not None
        network = make_network(
            config.layer_sizes,
            config.activation,
            loss=config.loss,
            output=config.output,
            l2=config.l2,
            bias=config.bias,
        )
    return explain_plain(network, config.dtype, _own_loss(loss) if ":" in loss else None)


if __name__ == "__main__":
    exit_with(main, "compare.graph")
