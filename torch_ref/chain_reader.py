"""The chain that a traced forward computes, found from its inputs on."""

from collections.abc import Iterable, Mapping, Sequence

import torch

from torch_ref.activations import ACTIVATIONS
from torch_ref.chain import Affine, Chain
from torch_ref.lookup import HIDDEN, PREDICTIONS, Match, Vector, match, match_loss
from torch_ref.refusals import ModuleError, no_chain
from torch_ref.trace import ForwardError, Trace
from torch_ref.trees import tensors_in

_IDENTITY = {"identity": lambda x: x}
_NEAR = 0.01  # off a function of the catalogue, so that it is told
_ROUNDINGS = 64  # of the sum of magnitudes, which no other pairing of random numbers comes near


def read_chain(trace: Trace, dtype: torch.dtype, label: str | None) -> Chain:
    """Puts the calls of a forward into a chain.

    Args:
      trace: of random parameters, so that numbers tell which is which.
      dtype: of the module.
      label: of `lookup.LABELS`, how the forward takes y; None if it takes none.

    Raises:
      ModuleError: for a forward that is no chain, with the place and the reason.
    """
    reader = _Reader(trace, dtype)
    returned = [i for i in trace.results if i is not None]
    for i in sorted({i for result in returned for i in trace.needed(result)}):
        reader.read(i)
    if trace.left and not (reader.losses() or reader.results(len(reader.layers))):
        raise no_chain(trace.left, "torch cannot differentiate what is computed outside of it")
    if not reader.layers and reader.head_layers:
        raise no_chain("module", "y comes in before the first layer")
    if not reader.layers:
        raise ModuleError("module: expected affine layers, z = W h + b, got none in its forward")
    chain = Chain(tuple(reader.layers), tuple(reader.activations), None, None, label)
    return _with_loss(_with_prediction(chain, reader), reader)


def _with_prediction(chain: Chain, reader: "_Reader") -> Chain:
    made = reader.results(len(chain.layers))
    if len(made) > 1 or not (made or reader.losses()):
        raise ModuleError(
            "module: expected its forward to return one tensor that the last layer makes, got "
            f"{len(made) or 'none'}"
        )
    if not made:
        return chain
    ((place, node),) = made.items()
    told = f"with it, the output is none of {', '.join(PREDICTIONS)}"
    output = reader.name(reader.z[-1], node, PREDICTIONS, told)
    return chain._replace(output=output, prediction=place)


def _with_loss(chain: Chain, reader: "_Reader") -> Chain:
    losses = reader.losses()
    if not losses:
        return chain
    if len(losses) > 1:
        raise ModuleError(
            f"module: expected its forward to return one loss, got {len(losses)} tensors that "
            "depend on y"
        )
    ((place, node),) = losses.items()
    where = reader.trace.nodes[node].place
    if reader.head_roots:
        names = reader.names(reader.head_roots)
        raise no_chain(where, f"its loss depends on {names} beside the layers")
    if reader.head_layers != {len(chain.layers)}:
        raise no_chain(where, "y comes in before the last layer")
    assert chain.label is not None
    k, n_labels = chain.layer_sizes[-1], reader.trace.nodes[1].value.numel()
    if chain.label != "classes" and n_labels != k:
        raise ForwardError(
            f"module: its forward makes {k} outputs, and was given {n_labels} labels"
        )
    found = match_loss(reader.trace, reader.z[-1], 1, node, reader.dtype, chain.label)
    if found is None:
        raise no_chain(where, "its loss is none of the catalogue of --loss and --output")
    end, divisor = found
    return chain._replace(end=end, loss=place, divisor=divisor)


class _Reader:
    """Finds the layers one after another, from the inputs on."""

    def __init__(self, trace: Trace, dtype: torch.dtype) -> None:
        self.trace, self.dtype = trace, dtype
        self.layers: list[Affine] = []
        self.activations: list[str] = []
        self.z: list[int] = [0]  # the node of x, then of each layer's z
        self.layer: dict[int, int] = {}  # node -> the last layer that made it; 0 of x
        self.roots: dict[int, frozenset[int]] = {}  # node -> the parameters that it is made of
        self.labelled: set[int] = set()  # the nodes that y makes
        self.head_layers: set[int] = set()  # that meet y
        self.head_roots: set[int] = set()  # likewise

    def read(self, i: int) -> None:
        """Settles what a node is, when all that it takes is settled."""
        node = self.trace.nodes[i]
        if node.function is None:
            self._read_given(i, node.place)
            return
        if any(one.requires_grad for one in tensors_in((node.args, node.kwargs))):
            raise ModuleError(
                f"{node.place}: it uses weights that are no parameters of the module, as those of "
                "layers in a plain list are; give a module whose parameters() has them"
            )
        data = [j for j in dict.fromkeys(node.inputs) if j in self.layer]
        roots = frozenset[int]().union(*(self.roots.get(j, ()) for j in node.inputs))
        if not self.labelled.isdisjoint(node.inputs):
            self.labelled.add(i)
            self.head_layers.update(self.layer[j] for j in data)
            self.head_roots |= roots
            return
        if not data:
            self.roots[i] = roots
            return
        made_by = sorted({self.layer[j] for j in data})
        if len(made_by) > 1:
            names = " and ".join(map(self._maker, made_by))
            raise no_chain(node.place, f"it joins what {names} give, as a skip connection does")
        self.layer[i] = made_by[0]
        if roots:
            self._use(i, data, roots)

    def _read_given(self, i: int, name: str) -> None:
        if i == 0:
            self.layer[i] = 0
        elif name == "y":
            self.labelled.add(i)
        else:
            self.roots[i] = frozenset({i})

    def results(self, layer: int) -> dict[int, int]:
        """Returns place -> node of what the forward returns that a layer makes."""
        return {k: i for k, i in enumerate(self.trace.results) if i and self.layer.get(i) == layer}

    def losses(self) -> dict[int, int]:
        """Returns place -> node of what the forward returns that y makes."""
        return {k: i for k, i in enumerate(self.trace.results) if i in self.labelled and i}

    def names(self, roots: Iterable[int]) -> str:
        """Names parameters."""
        return " and ".join(sorted(self.trace.nodes[root].place for root in roots))

    def name(self, start: int, target: int, table: Mapping[str, Vector], otherwise: str) -> str:
        """Names the function that makes a node of another one.

        Raises:
          ModuleError: if it is none of the table, with the first call after which it is none, and
            what is to be said then.
        """
        found = self._match(start, target, table)
        if found.name is not None:
            return found.name
        stretch = [i for i in self.trace.needed(target, {start: None}) if i in self.layer]
        first = next((i for i in stretch if not self._match(start, i, table).name), target)
        near = f", and {found.off:.1e} off {found.nearest} at {found.at:g}"
        reason = otherwise + near * (found.off < _NEAR)
        raise no_chain(self.trace.nodes[first].place, reason)

    def _match(self, start: int, target: int, table: Mapping[str, Vector]) -> Match:
        return match(self.trace, start, target, self.dtype, table)

    def _use(self, i: int, data: Sequence[int], roots: frozenset[int]) -> None:
        """Reads a call that takes parameters: a product with weights, or a sum with a bias."""
        node, nodes = self.trace.nodes[i], self.trace.nodes
        if len(data) == 1 and self._adds_bias(i, data[0], roots):
            (bias,) = roots
            self.layers[-1] = self.layers[-1]._replace(bias=self._own(bias, node.place))
            self.z[-1] = i
            return
        found = self._product(i, data[0], roots) if len(data) == 1 else None
        of_weights, own = (nodes[min(roots)].value.dtype, node.value.dtype)
        if own != of_weights:
            raise ModuleError(
                f"{node.place}: it computes in {own}, as under torch.autocast, and its weights are "
                f"{of_weights}; gradients are judged in one dtype"
            )
        if found is None:
            told = f"it uses {self.names(roots)} otherwise than as W or b in W h + b"
            raise no_chain(node.place, told)
        self._add_layer(i, data[0], *found)

    def _add_layer(self, i: int, h: int, weight: int, bias: int | None, turned: bool) -> None:
        place, before = self.trace.nodes[i].place, self.layer[h]
        names = [self._own(one, place) for one in (weight, bias) if one is not None]
        if before != len(self.layers):
            other = self.layers[before].place
            raise no_chain(place, f"it takes what {other} takes, so that there are branches")
        self._add_activation(h)
        sizes = self.trace.nodes[h].value.numel(), self.trace.nodes[i].value.numel()
        self.layers.append(Affine(place, names[0], (*names, None)[1], turned, sizes))
        self.z.append(i)
        self.layer[i] = len(self.layers)

    def _add_activation(self, h: int) -> None:
        """Names what makes h of the z before it."""
        if self.layers:
            told = f"with it, the function between two layers is none of {', '.join(ACTIVATIONS)}"
            self.activations.append(self.name(self.z[-1], h, HIDDEN, told))
        else:
            self.name(0, h, _IDENTITY, "it changes x before the first layer")

    def _adds_bias(self, i: int, j: int, roots: frozenset[int]) -> bool:
        if not self.layers or self.layers[-1].bias or len(roots) != 1:
            return False
        if self.layer[j] != len(self.layers):
            return False
        (root,) = roots
        value, z, b = (self.trace.nodes[one].value.flatten() for one in (i, j, root))
        if not value.shape == z.shape == b.shape or not _near(value, z + b, z.abs() + b.abs()):
            return False
        return self._match(self.z[-1], j, _IDENTITY).name is not None

    def _product(
        self, i: int, h: int, roots: frozenset[int]
    ) -> tuple[int, int | None, bool] | None:
        """Returns weight, bias and whether the weight is [n_in, n_out]; None for no such thing."""
        z, x = (self.trace.nodes[one].value.flatten() for one in (i, h))
        for weight in sorted(roots) if len(roots) < 3 else ():
            bias = next(iter(roots - {weight}), None)
            w = self.trace.nodes[weight].value
            b = torch.zeros_like(z) if bias is None else self.trace.nodes[bias].value.flatten()
            for turned, matrix in enumerate((w, w.T) if w.ndim == 2 else (w.reshape(1, -1),)):
                if (*matrix.shape, *b.shape) != (len(z), len(x), len(z)):
                    continue
                if _near(z, matrix @ x + b, matrix.abs() @ x.abs() + b.abs()):
                    return weight, bias, bool(turned)
        return None

    def _own(self, root: int, where: str) -> str:
        """Returns the name of a parameter that no other layer has."""
        name = self.trace.nodes[root].place
        if any(name in (layer.weight, layer.bias) for layer in self.layers):
            raise no_chain(where, f"it uses {name} a second time, as with shared weights")
        return name

    def _maker(self, layer: int) -> str:
        return self.layers[layer - 1].place if layer else "the inputs"


def _near(found: torch.Tensor, expected: torch.Tensor, terms: torch.Tensor) -> bool:
    eps = max(torch.finfo(one.dtype).eps for one in (found, expected))
    return bool(((found - expected).abs() <= _ROUNDINGS * eps * terms).all())
