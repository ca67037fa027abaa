"""Where in a layer the differences are: heatmaps in the shape of its weights, bias beside them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from compare.numbers import count, share
from compare.report.document import Json
from compare.report.figures.drawing import INK, WRONG, Drawing, draw

_WIDTH = 400
_LOWEST_SHARE = 1e-4  # of a bound: what uses less has one colour
_MOST_MARKED = 400  # cells over the bound that get a cross


def draw_heatmaps(report: Json) -> Iterator[Drawing]:
    """Yields one figure a layer: distance in ulp, and share of the rounding bound."""
    entries = report["entries"]
    if entries is None:
        return
    maps = {one["name"]: one for one in entries["maps"]}
    most = max((u for one in maps.values() for u in one["ulp"] if u is not None), default=0.0)
    for i in range(1, len(report["config"]["layer_sizes"])):
        yield _draw_layer(i, maps[f"w{i}"], maps.get(f"b{i}"), report["config"]["layout"], most)


def _draw_layer(i: int, w: Any, b: Any | None, layout: str, most: float) -> Drawing:
    rows, columns = w["shape"]
    sideways = layout == "out_in"
    height = 175 * min(max(rows / columns, 0.35), 1.4)

    def paint(figure: Any) -> None:
        import matplotlib

        colors = matplotlib.colormaps["cividis"].with_extremes(bad=WRONG, over=WRONG)
        for part, key in zip(
            figure.subfigures(1, 2, wspace=0.04), ("ulp", "bound_ratio"), strict=True
        ):
            part.set_facecolor("none")
            if key == "ulp":
                part.suptitle("largest distance, ulp", size=11)
                norm = _ulp_norm(most)
            else:
                part.suptitle("rounding used", size=11)
                norm = matplotlib.colors.LogNorm(_LOWEST_SHARE, 1, clip=False)
            shape = (1, 1) if b is None else (1, 2) if sideways else (2, 1)
            ratios = {} if b is None else _ratios(w["shape"], sideways)
            axes = part.subplots(*shape, squeeze=False, **ratios).ravel()
            image = _map(axes[0], w, key, norm, colors, axis=None)
            _label_weights(axes[0], i, sideways)
            if b is not None:
                _map(axes[1], b, key, norm, colors, axis=0 if sideways else 1)
                _label_bias(axes[1], i, sideways)
            bar = part.colorbar(image, ax=list(axes), location="bottom", fraction=0.09, pad=0.03)
            _ticks(bar, key, most)

    title = f"Layer {i}: w{i} {rows}×{columns}"
    if b is not None:
        title += f" and b{i} {b['shape'][0]}"
    said = "; ".join(
        f"{one['name']}: at most {_largest(one['ulp'], count)} ulp and "
        f"{_largest(one['bound_ratio'], share)} of the bound"
        for one in filter(None, (w, b))
    )
    return draw(
        f"heatmap_layer_{i}",
        paint,
        title=title,
        description=f"The largest of all pairs and bounded samples. {said}.",
        size=(_WIDTH, height + 165),
    )


def _largest(values: Any, shown: Any) -> str:
    if any(value is None for value in values):
        return "no finite number of"
    return str(shown(max(values)))


def _ratios(shape: Any, sideways: bool) -> dict[str, Any]:
    along = shape[1] if sideways else shape[0]
    return {"width_ratios" if sideways else "height_ratios": [max(min(along, 8), 3), 1]}


def _ulp_norm(most: float) -> Any:
    from matplotlib.colors import FuncNorm

    return FuncNorm((lambda v: np.log2(1 + v), lambda v: 2**v - 1), 0, max(most, 1.0))


def _map(axes: Any, one: Any, key: str, norm: Any, colors: Any, *, axis: int | None) -> Any:
    """Draws one parameter; a bias as one row, or as one column if axis is 0."""
    shape = one["shape"] if axis is None else [one["shape"][0], 1][:: 1 if axis == 0 else -1]
    cells = one["cells"][::-1] if axis == 0 else one["cells"]
    values = np.array([np.nan if v is None else v for v in one[key]], float).reshape(cells)
    if key == "bound_ratio":
        values = np.where(values < _LOWEST_SHARE, _LOWEST_SHARE, values)
    image = axes.imshow(
        np.ma.masked_invalid(values),
        norm=norm,
        cmap=colors,
        interpolation="none",
        aspect="auto",
        extent=(
            -0.5,
            cells[1] * -(-shape[1] // cells[1]) - 0.5,
            cells[0] * -(-shape[0] // cells[0]) - 0.5,
            -0.5,
        ),
    )
    axes.set(xlim=(-0.5, shape[1] - 0.5), ylim=(shape[0] - 0.5, -0.5))
    _mark(axes, np.isnan(values) | ((values > 1) & (key == "bound_ratio")), shape)
    _integers(axes, shape)
    return image


def _mark(axes: Any, wrong: np.ndarray, shape: Any) -> None:
    rows, columns = np.nonzero(wrong)
    if 0 < len(rows) <= _MOST_MARKED:
        steps = [-(-n // c) for n, c in zip(shape, wrong.shape, strict=True)]
        middle = [step * (at + 0.5) - 0.5 for step, at in zip(steps, (rows, columns), strict=True)]
        axes.scatter(middle[1], middle[0], marker="x", s=14, linewidths=1, color="#ffffff")


def _integers(axes: Any, shape: Any) -> None:
    for axis, n in ((axes.yaxis, shape[0]), (axes.xaxis, shape[1])):
        axis.set_ticks(sorted({0, n // 2, n - 1} if n > 2 else range(n)))
    for side in axes.spines.values():
        side.set(visible=True, linewidth=0.5, alpha=0.5)
    axes.tick_params(length=2, pad=2, labelsize=10)


def _label_weights(axes: Any, i: int, sideways: bool) -> None:
    axes.set_ylabel(f"w{i}, {'output' if sideways else 'input'}", size=10)
    if sideways:
        axes.set_xlabel("input", size=10)
    else:
        axes.set_xticks([])


def _label_bias(axes: Any, i: int, sideways: bool) -> None:
    if sideways:
        axes.set_yticks([])
        axes.set_xticks([0], [f"b{i}"])
    else:
        axes.set_yticks([0], [f"b{i}"])
        axes.set_xlabel("output", size=10)


def _ticks(bar: Any, key: str, most: float) -> None:
    if key == "ulp":
        powers = [2**k for k in range(64) if 2**k <= max(most, 1.0)]
        kept = powers[:: max(1, -(-len(powers) // 4))]
        bar.set_ticks([0, *kept[1 if len(kept) > 3 else 0 :]])
        bar.set_ticklabels([_power(tick) for tick in bar.get_ticks()])
    else:
        bar.set_ticks([1e-4, 1e-2, 1])
        bar.set_ticklabels(["≤0.01%", "1%", "100%"])
    bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=10, length=2)
    bar.outline.set(edgecolor=INK, linewidth=0.5)


def _power(tick: float) -> str:
    """Up to thousands as they are, then as powers of two."""
    if tick < 1e4:
        return f"{tick:.0f}"
    return f"2^{round(float(np.log2(tick)))}"
