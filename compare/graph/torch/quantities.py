"""What each node of torch's autograd graph stands for, found by its numbers.

However a module spells a step, what it makes is z1, h1 or w2, and is told by that: the operations
are made again with random numbers, and what they make is held against what the layers make.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from compare.graph.base import Quantity
from compare.graph.ends import end_of
from compare.graph.torch.draws import Draw, draws
from compare.graph.torch.network import TorchNetwork
from compare.graph.torch.recording import Ref, in_order

_NEAR = 1e-6  # relative: torch has some constants in float32, in float64 too
_STEPS = {"w": "weight", "b": "bias", "z": "affine", "h": "activation"}
_GRADIENTS = {"w": "dL/dw", "b": "dL/db", "z": "delta", "h": "s"}


class Numbers:
    """What every call makes, and what is handed to it on the way back, in several draws."""

    def __init__(self, network: TorchNetwork) -> None:
        recording = network.recording
        last = recording.made_by[recording.loss.grad_fn]
        self.draws: list[Draw] = []
        self.values: list[list[torch.Tensor]] = []  # of each draw, of each call
        for draw in draws(network):
            values = recording.replay(draw.given)
            values[last].sum().backward()
            self.draws.append(draw)
            self.values.append(values)

    def name(self, call: int) -> str:
        """Returns what a call makes, such as 'z1' or 'w1.T'; empty for what has no name."""
        first = self.values[0][call]
        for letter in self.draws[0].vectors:
            if self._is(call, letter):
                return letter
        for letter, w in self.draws[0].matrices.items():
            if first.numel() == w.numel():
                for name in _as_stored(letter, first, w):
                    if self._is_matrix(call, name):
                        return name
        return ""

    def _is(self, call: int, name: str) -> bool:
        return all(
            _same(values[call].flatten(), draw.vectors[name])
            for values, draw in zip(self.values, self.draws, strict=True)
        )

    def _is_matrix(self, call: int, name: str) -> bool:
        letter = name.removesuffix(".T")
        return all(
            _same(values[call].flatten(), _turned(draw.matrices[letter], name).flatten())
            for values, draw in zip(self.values, self.draws, strict=True)
        )

    def is_handed_ones(self, call: int) -> bool:
        """Whether what comes back to a call is 1, for each of its entries."""
        grads = [values[call].grad for values in self.values]
        return all(one is not None and bool((one == 1).all()) for one in grads)

    def are_handed_the_same(self, call: int, other: int) -> bool:
        """Whether the same gradient comes back to two calls."""
        return all(
            _same(values[call].grad.flatten(), values[other].grad.flatten())
            for values in self.values
            if values[call].requires_grad and values[other].requires_grad
        )


def name_nodes(network: TorchNetwork) -> dict[Any, Quantity]:
    """Returns what each node is; formulas are left out."""
    names = _Names(network)
    names.known()
    names.the_rest()
    return names.of


class _Names:
    """Names nodes, first those with a letter of their own and then what leads to them."""

    def __init__(self, network: TorchNetwork) -> None:
        self.network, self.end = network, end_of(network.network)
        self.recording = network.recording
        self.nodes = in_order(self.recording.loss.grad_fn)
        self.numbers = Numbers(network)
        self.of: dict[Any, Quantity] = {}
        self.roots: dict[Any, set[str]] = {}  # node -> the parameters, x and y that it is made of
        tensors = {id(one): name for name, one in self.recording.given.items()}
        self.own = {
            node: tensors[id(node.variable)] for node in self.nodes if hasattr(node, "variable")
        }

    def known(self) -> None:
        """Names parameters, the loss, and what is the same number as a letter."""
        numbers = self.numbers
        first: dict[str, int] = {}
        for node in self.nodes:
            if node in self.own:
                self.of[node] = self._parameter(self.own[node])
                continue
            if node is self.recording.loss.grad_fn:
                self.of[node] = Quantity("loss", "loss", "loss", 0, gradient="1")
                continue
            call = self.recording.made_by.get(node)
            name = "" if call is None else numbers.name(call)
            if call is None or not name:
                continue
            one = self._quantity(name)
            begun = first.setdefault(name, call)
            if not numbers.are_handed_the_same(call, begun):
                one = one._replace(gradient=f"part of {one.gradient}")
            self.of[node] = one

    def _parameter(self, name: str) -> Quantity:
        for i, layer in enumerate(self.network.chain.layers, start=1):
            if name == layer.weight:
                label = self.network.label(i)
                return Quantity(label, "accumulate_w", "weight", i, gradient=f"dL/d{label}")
            if name == layer.bias:
                return Quantity(f"b{i}", "accumulate_b", "bias", i, gradient=f"dL/db{i}")
        raise KeyError(name)

    def _quantity(self, name: str) -> Quantity:
        """Returns what a letter stands for."""
        if name == "yhat":
            return Quantity(name, "yhat", "output", 0, gradient="dL/dyhat")
        letter, layer = name[0], int(re.findall(r"\d+", name)[0])
        whole = self.network.network
        if letter == "w":
            gradient = f"dL/d{name}"
            if whole.l2:  # the penalty goes to the parameter itself
                inner = f"delta{layer}", f"h{layer - 1}" if layer > 1 else "x"
                both = inner if name.endswith(".T") else inner[::-1]
                gradient = f"outer({', '.join(both)})"
            return Quantity(name, "weight_view", "weight", layer, gradient=gradient)
        label, role, gradient = name, letter, f"{_GRADIENTS[letter]}{layer}"
        if letter == "z" and layer == whole.n_layers:
            label, role = "yhat" if whole.output == "linear" else label, "z_out"
        elif letter == "z" and whole.activations[layer - 1 : layer] == ("identity",):
            label, gradient = f"z{layer} = h{layer}", f"delta{layer} = s{layer}"
        return Quantity(label, role, _STEPS[letter], layer, gradient=gradient)

    def the_rest(self) -> None:
        """Gives every other node the step of what it is used for."""
        users: dict[Any, Any] = {}
        for node in self.nodes:
            self.roots[node] = self._roots(node)
            for one in inputs_of(node):
                users.setdefault(one, node)
        for node in reversed(self.nodes):
            if node not in self.of:
                one = self._part(self.of[users[node]], self.roots[node])
                self.of[node] = one._replace(gradient=self._handed(node, one))

    def _handed(self, node: Any, one: Quantity) -> str:
        """Returns what comes back to a part of a sum or of the loss, where that has a name."""
        call = self.recording.made_by.get(node)
        if one.step not in ("loss", "affine") or call is None:
            return ""
        if one.step == "loss" and self.numbers.is_handed_ones(call):
            return "ones" if self.numbers.values[0][call].numel() > 1 else "1"
        for other, its in self.of.items():
            is_whole = its.role in ("yhat", "z", "z_out") and its.layer == one.layer
            is_whole |= its.role == "z_out" and one.step == "loss"
            if is_whole and self.numbers.are_handed_the_same(call, self.recording.made_by[other]):
                return its.gradient
        return ""

    def _part(self, used: Quantity, roots: set[str]) -> Quantity:
        """Returns what leads to a named quantity."""
        layers = enumerate(self.network.chain.layers, start=1)
        if "x" not in roots and used.step in ("loss", "penalty"):
            return Quantity("", "penalty", "penalty", 0)
        if "x" not in roots and used.step == "affine":
            for i, layer in layers:
                for step in ("weight", "bias"):
                    if roots == {getattr(layer, step)}:
                        return Quantity("", "parameter_part", step, i)
        role = {
            "affine": "product",
            "activation": "inside",
            "output": "output_part",
            "loss": "loss_part",
        }.get(used.step, "parameter_part")
        return Quantity("", role, used.step, used.layer)

    def _roots(self, node: Any) -> set[str]:
        if node in self.own:
            return {self.own[node]}
        found: set[str] = set().union(*(self.roots[one] for one in inputs_of(node)))
        call = self.recording.made_by.get(node)
        return found if call is None else found | set(self._given(call))

    def _given(self, call: int) -> Iterator[str]:
        """Yields x and y where a call takes them, or what is made of them outside of autograd."""
        nodes = set(self.recording.made_by.values())
        for ref in self.recording.calls[call].refs:
            if ref.source in ("x", "y"):
                yield str(ref.source)
            elif isinstance(ref.source, int) and ref.source not in nodes:
                yield from self._given(ref.source)


def inputs_of(node: Any) -> list[Any]:
    """Returns the nodes that a node takes."""
    return [one for one, _ in node.next_functions if one is not None]


def _as_stored(letter: str, value: torch.Tensor, w: torch.Tensor) -> Sequence[str]:
    """Returns how a matrix may be called, first the way that fits its shape."""
    both = letter, f"{letter}.T"
    sizes = tuple(n for n in value.shape if n > 1)
    fits = tuple(value.shape[-2:]) == tuple(w.shape) or sizes == tuple(w.shape)
    return both if fits else both[::-1]


def _turned(w: torch.Tensor, name: str) -> torch.Tensor:
    return w.T if name.endswith(".T") else w


def _same(found: torch.Tensor, expected: torch.Tensor) -> bool:
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return False
    return bool(((found - expected).abs() <= _NEAR * expected.abs() + 1e-12).all())


def kind_of(node: Any) -> str:
    """Returns what torch calls a node, without its namespace."""
    return str(node.name()).rpartition("::")[2]


def label_of(ref: Ref, labels: Mapping[Any, str]) -> str:
    """Returns z1 of 'z1 = h1'."""
    return labels[ref.source].partition(" = ")[0]
