"""How a weight is made of others, in words."""

from compare.pairing.arrangement import Axes


def words_of_axes(axes: Axes, shape: tuple[int, ...]) -> str:
    """Returns such as 'transposed', 'axes 2, 3, 1, 0'; '' for an array as it is.

    Args:
      axes: how the array is laid out.
      shape: of the array that it is made of.
    """
    is_sorted = axes.axes == tuple(range(len(axes.axes)))
    if is_sorted:
        return "" if axes.shape == shape else f"reshaped to {_shape(axes.shape)}"
    order = "transposed" if axes.axes == (1, 0) else f"axes {', '.join(map(str, axes.axes))}"
    if axes.split != shape:
        order = f"reshaped to {_shape(axes.split)}, {order}"
    moved = tuple(axes.split[axis] for axis in axes.axes)
    return order if moved == axes.shape else f"{order}, reshaped to {_shape(axes.shape)}"


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"
