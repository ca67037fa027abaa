"""What stands in the nodes of torch's graph: a label, a formula, the submodule."""

from collections.abc import Iterator, Mapping
from typing import Any

from compare.graph.torch.expressions import expression
from compare.graph.torch.quantities import kind_of
from compare.graph.torch.recording import Call, Recording, Ref
from torch_ref.trees import mapped

_LONGEST = 26  # letters of an expression that is a label; a longer one is called u1, u2, ...


class Texts:
    """Written in the order in which nodes can be computed."""

    def __init__(self, recording: Recording, leaves: Mapping[str, str]) -> None:
        """Takes how x, y and the parameters are called in formulas."""
        self._recording, self._leaves = recording, leaves
        self._labels: dict[Any, str] = {}
        self._formulas: dict[Any, str] = {}
        self._of_calls: dict[int, str] = {}
        self._of_nodes = set(recording.made_by.values())
        self._long = 0

    def write(self, node: Any, label: str, formula: str = "") -> None:
        """Settles label and formula of a node; one without a label is called by its formula.

        Without a formula, it is that of the operation.
        """
        if hasattr(node, "variable"):
            self._labels[node], self._formulas[node] = label, ""
            return
        call = self._recording.made_by.get(node)
        formula = formula or (kind_of(node) if call is None else self._formula(call, label))
        self._labels[node] = label or self._short(formula)
        self._formulas[node] = formula
        if call is not None:
            self._of_calls[call] = self._labels[node].partition(" = ")[0]

    def label(self, node: Any) -> str:
        """Returns it."""
        return self._labels[node]

    def formula(self, node: Any) -> str:
        """Returns what it is made of; empty where that is what it is called."""
        found = self._formulas[node]
        return "" if found == self._labels[node] else found

    def place(self, node: Any) -> str:
        """Returns the submodule that it stands in, by its name; empty of the whole."""
        call = self._recording.made_by.get(node)
        return "" if call is None else self._recording.calls[call].place

    def samples(self, node: Any) -> list[str]:
        """Returns those of 'x' and 'y' that it takes, or takes what is made of them alone."""
        call = self._recording.made_by.get(node)
        return [] if call is None else list(dict.fromkeys(self._samples(call)))

    def _samples(self, call: int) -> Iterator[str]:
        for ref in self._recording.calls[call].refs:
            if ref.source in ("x", "y"):
                yield str(ref.source)
            elif isinstance(ref.source, int) and ref.source not in self._of_nodes:
                yield from self._samples(ref.source)

    def _formula(self, call: int, label: str = "") -> str:
        one = self._recording.calls[call]
        of = [self._text(ref).removesuffix(".T") for ref in one.refs]
        name = label.partition(" = ")[0]
        is_view = name and of == [name.removesuffix(".T")]  # or the transpose
        return name if is_view else self._expression(one)

    def _expression(self, call: Call) -> str:
        args, kwargs = mapped((call.args, call.kwargs), self._text, of=Ref)
        return expression(call.name, args, kwargs, call.shape)

    def _text(self, ref: Ref) -> str:
        if isinstance(ref.source, str):
            return self._leaves.get(ref.source, ref.source)
        if ref.source not in self._of_calls:  # of no node: nothing in it needs a gradient
            self._of_calls[ref.source] = self._formula(ref.source)
        return self._of_calls[ref.source]

    def _short(self, text: str) -> str:
        if len(text) <= _LONGEST:
            return text
        self._long += 1
        return f"u{self._long}"
