"""Every node of both graphs and every row of their alignment, in words."""

from collections.abc import Iterator, Sequence

from compare.graph.alignment import Match
from compare.graph.base import Node, shape_text
from compare.graph.explanation import Explanation

_TORCH = (
    *("node", "quantity", "made of", "torch calls it", "in the module", "shape", "takes"),
    "explanation",
)
_JAX = ("node", "quantity", "made of", "primitive", "part", "shape", "explanation")
_ROWS = ("step", "torch", "JAX forward", "JAX backward", "explanation")

_LETTERS = ("`.T` the transpose, delta the gradient of L by z, s the gradient of L by h.",)
_NO_LETTERS = (
    "`.T` the transpose. What is called by the name of a submodule is its output; `u1` is an",
    "expression too long for a name. There is no graph of JAX, because",
)


def markdown(explanation: Explanation) -> str:
    """Returns three tables; the names of nodes are those in the .dot files."""
    torch, jax = explanation.torch, explanation.jax
    lines = [f"# The gradient of {explanation.name}, node by node", ""]
    lines += [
        f"Of one sample, with L = {_escaped(explanation.formula)}. `@` is the matrix product,"
    ]
    lines += _LETTERS if jax is not None else [*_NO_LETTERS, f"{_escaped(explanation.reason)}."]
    lines += ["", f"## {_capital(torch.title)}", ""]
    lines += _table(_TORCH, [_torch_row(node) for node in torch.nodes])
    if jax is not None:
        lines += ["", f"## {_capital(jax.title)}", ""]
        lines += _table(_JAX, [_jax_row(node) for node in jax.nodes])
        lines += ["", "## Which computes what", ""]
        lines += _table(_ROWS, [_match_row(row) for row in explanation.rows])
    return "\n".join(lines) + "\n"


def _torch_row(node: Node) -> list[str]:
    takes, formula, own = (
        _code(one) if one else "" for one in (node.gradient, node.formula, node.own)
    )
    return [
        node.name,
        _code(node.label),
        formula,
        _code(node.kind),
        own,
        shape_text(node.shape),
        takes,
        _escaped(node.explanation),
    ]


def _jax_row(node: Node) -> list[str]:
    formula = _code(node.formula) if node.formula else ""
    about = [_code(node.kind), node.part, shape_text(node.shape), _escaped(node.explanation)]
    return [node.name, _code(node.label), formula, *about]


def _match_row(row: Match) -> list[str]:
    cells = [", ".join(map(_named, nodes)) for nodes in (row.torch, row.forward, row.backward)]
    return [_code(row.title), *cells, _escaped(row.explanation)]


def _named(node: Node) -> str:
    return f"{node.name} {_code(node.kind)}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _escaped(text: str) -> str:
    """Keeps * and _ from being read as emphasis, and < as a tag."""
    return "".join(f"\\{letter}" if letter in "\\*_|<`" else letter for letter in text)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
