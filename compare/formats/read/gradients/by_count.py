"""Gradients without names, told apart by how many numbers they have and in which shapes."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from compare.errors import UsageError
from compare.formats.read.gradients.by_value import orders_near
from compare.formats.read.gradients.expected import ExpectedGradients
from compare.formats.read.gradients.shapes import OneGradientError, other_count
from compare.formats.read.layer_names import kind_of
from compare.formats.read.numbers import NamedArray, join
from compare.formats.reading import Reading
from jaxmlp.base import Grads

WHOLE = ("numbers",)  # the arrays of a reading that takes all numbers as one row for each sample
_MOST_PERMUTED = 5  # layers that are tried in every order
_MOST_ORDERS = 20  # that nobody is known to use, where no other fits
_MOST_LISTED = 20  # arrays whose size an error names


def readings_by_count(
    arrays: Sequence[NamedArray], expected: ExpectedGradients, layout: str | None
) -> list[Reading]:
    """Finds the orders in which arrays, or all their numbers, can be the parameters.

    Args:
      arrays: one for each parameter, or others that hold the numbers of all.
      expected: the gradients.
      layout: of the matrices, if it was said.

    Returns:
      The readings that fit, the most likely first.

    Raises:
      UsageError: if there are not as many numbers as expected, or no parameter order fits the
        borders of the arrays.
    """
    found = _readings(arrays, parameter_orders(expected.biases), expected, layout)
    if not found:
        orders = itertools.islice(_every_order(arrays, expected), _MOST_ORDERS)
        found = _readings(arrays, orders, expected, layout)
    if not found:
        raise _wrong_count(arrays, expected)
    return [reading for _, reading in sorted(found, key=lambda one: -one[0])]  # sorting is stable


def readings_in_any_order(
    arrays: Sequence[NamedArray], expected: ExpectedGradients, layout: str | None, right: Grads
) -> list[Reading]:
    """Finds readings in whatever orders come near to the right gradients.

    Args:
      arrays: as for `readings_by_count`, as are `expected` and `layout`.
      expected: the gradients.
      layout: of the matrices, if it was said.
      right: the gradients of the first samples.
    """
    orders = orders_near(arrays, expected, right)
    return [reading for _, reading in _readings(arrays, orders, expected, layout)]


def _readings(
    arrays: Sequence[NamedArray],
    orders: Iterable[tuple[str, ...]],
    expected: ExpectedGradients,
    layout: str | None,
) -> list[tuple[int, Reading]]:
    """Returns the readings in some orders, and how many shapes speak for each."""
    found: list[tuple[int, Reading]] = []
    counts = [array.values.size for array in arrays]
    for order in orders:
        each = counts == [expected.n * expected.sizes[name] for name in order]
        names = array_names(arrays) if each else WHOLE
        leaves = leaves_in_order(arrays, Reading(order, names, ""), expected)
        if leaves is None or (each and not _kinds_fit(arrays, order)):
            continue
        shapes = [leaf.values.shape for leaf in leaves]
        exact = expected.exact(shapes) if each else 0
        for held in expected.layouts_of(shapes, layout):
            found.append((exact, Reading(order, names, held)))
    return found


def _every_order(
    arrays: Sequence[NamedArray], expected: ExpectedGradients
) -> Iterator[tuple[str, ...]]:
    """Yields every order in which arrays have the sizes of parameters; if none has, every order."""
    counts = [array.values.size for array in arrays]
    sizes = {name: expected.n * size for name, size in expected.sizes.items()}
    one_each = sorted(counts) == sorted(sizes.values())

    def go_on(order: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if len(order) == len(sizes):
            yield order
            return
        for name, size in sizes.items():
            if name not in order and (not one_each or size == counts[len(order)]):
                yield from go_on((*order, name))

    return go_on(())


def parameter_orders(biases: Sequence[bool]) -> Iterator[tuple[str, ...]]:
    """Yields the orders in which people write parameters, the most likely first.

    Weights come before their bias, after it as JAX sorts them, or all before or after all biases;
    layers from the first to the last, back, or in any other order.

    Args:
      biases: whether each layer has one.
    """
    forward = tuple(range(1, len(biases) + 1))
    orders = [forward, forward[::-1]]
    if len(biases) <= _MOST_PERMUTED:
        orders += itertools.permutations(forward)
    seen = set()
    for layers in dict.fromkeys(orders):
        pairs = [(f"w{i}", f"b{i}")[: 1 + biases[i - 1]] for i in layers]
        w, b = [pair[0] for pair in pairs], [name for pair in pairs for name in pair[1:]]
        for order in (sum(pairs, ()), sum((one[::-1] for one in pairs), ()), (*w, *b), (*b, *w)):
            if order not in seen:
                yield order
            seen.add(order)


def array_names(arrays: Sequence[NamedArray]) -> tuple[str, ...]:
    """Returns what arrays are called: their names, or their places."""
    return tuple(array.name or f"array {i}" for i, array in enumerate(arrays, start=1))


def leaves_in_order(
    arrays: Sequence[NamedArray], reading: Reading, expected: ExpectedGradients
) -> list[NamedArray] | None:
    """Returns the arrays of w1, b1, ... by a reading, None if they cannot be taken so.

    Where there is no array for each parameter, all numbers are the parameters of one sample after
    the other. Then no parameter begins or ends within the brackets of an array, unless that array
    holds whole samples.
    """
    leaves = list(arrays)
    if reading.arrays == WHOLE:
        sizes = [expected.sizes[name] for name in reading.order]
        ends = list(itertools.accumulate(sizes, initial=0))
        if sum(array.values.size for array in arrays) != expected.n * ends[-1]:
            return None
        if _cut(arrays, ends):
            return None
        rows = join(arrays).map(lambda row: row.reshape(expected.n, -1))
        leaves = [_columns(rows, *both) for both in itertools.pairwise(ends)]
    by_name = dict(zip(reading.order, leaves, strict=True))
    return [by_name[name] for name in expected.names]


def _columns(rows: NamedArray, start: int, stop: int) -> NamedArray:
    return rows.map(lambda row: row[:, start:stop])


def _cut(arrays: Sequence[NamedArray], ends: Sequence[int]) -> bool:
    """Whether a parameter would begin or end within the brackets of an array."""
    whole, borders, start = ends[-1], set(ends), 0
    for array in arrays:
        size, first = array.values.size, start % whole
        start += size
        samples = first == 0 and size % whole == 0
        cut = first + size > whole or any(first < end < first + size for end in borders)
        if array.bordered and cut and not samples:
            return True
    return False


def _kinds_fit(arrays: Sequence[NamedArray], order: Sequence[str]) -> bool:
    """Whether no array that is called a weight is taken for a bias, or the other way round."""
    kinds = (kind_of(array.name) for array in arrays)
    return all(kind in (None, name[0]) for kind, name in zip(kinds, order, strict=True))


def _wrong_count(arrays: Sequence[NamedArray], expected: ExpectedGradients) -> UsageError:
    counts, per_sample = [array.values.size for array in arrays], sum(expected.sizes.values())
    each = ", ".join(
        f"{name} {list(shape)}" for name, shape in zip(expected.names, expected.shapes, strict=True)
    )
    listed = ", ".join(map(str, counts[:_MOST_LISTED])) + ", ..." * (len(counts) > _MOST_LISTED)
    said = (
        f"{expected.where}: expected {expected.n} x {per_sample} numbers, for every sample {each}; "
        f"found {sum(counts)} in arrays of {listed}"
    )
    if sum(counts) == expected.n * per_sample:
        return UsageError(f"{said}, whose borders fit no order of the parameters")
    if sum(counts) == per_sample:
        return OneGradientError(said, expected.n)
    if sum(counts) % per_sample == 0:
        said += f", {other_count(sum(counts) // per_sample, expected.n)}"
    else:
        said += "; --layer_sizes or --params says of which network, --samples or --data how many"
    return UsageError(said)
