"""Prints the published gradient tables beside a replay: `python cases/published/replay.py`.

The weights are one member of the family that reproduces the tables, not the authors'.
"""

import json
import sys
from pathlib import Path

import numpy as np

from compare import compare_gradients
from compare.answers import name_parameters

HERE = Path(__file__).parent
IMPLEMENTATIONS = ("jax_grad", "jax_manual", "torch_autograd")


def replay(dtype: str) -> dict[str, dict[str, np.ndarray]]:
    """Returns the gradients of every implementation from the weights of that dtype, out_in."""
    params = np.load(HERE / f"params_{'f32' if dtype == 'float32' else 'f64'}.npz")
    x = np.load(HERE / "data.npz")["x"].astype(dtype)
    found: dict[str, dict[str, np.ndarray]] = {}

    def keep(start: int, block: dict) -> None:
        for name, answer in block.items():
            arrays = name_parameters(answer.grads, "out_in")
            found[name] = {parameter: array[0] for parameter, array in arrays.items()}

    layers = [(params[f"w{i}"], params[f"b{i}"]) for i in (1, 2, 3)]
    compare_gradients(layers, x, layout="out_in", implementations=IMPLEMENTATIONS, on_block=keep)
    return found


def main(dtype: str = "float32") -> None:
    """Prints one line a cell, and marks those that print differently."""
    tables = json.loads((HERE / "tables.json").read_text())
    found = replay(dtype)
    print(f"Replay in {dtype}; * differs from the table that torch printed")
    print(f"{'cell':<16}{'torch, printed':>15}{'self, printed':>15}", end="")
    print("".join(f"{name:>17}" for name in IMPLEMENTATIONS))
    for key in ("dLdw1", "dLdb1", "dLdw2", "dLdb2", "dLdw3", "dLdb3"):
        by_torch, by_self = np.array(tables["torch"][key]), np.array(tables["self"][key])
        for place in np.ndindex(by_torch.shape):
            printed, own = str(by_torch[place]), str(by_self[place])
            ours = [f"{found[name][key[3:]][place]:.7f}" for name in IMPLEMENTATIONS]
            cells = [f"{text}{' *'[float(text) != float(printed)]}" for text in (own, *ours)]
            label = f"{key}[{','.join(map(str, place))}]"
            print(f"{label:<16}{printed:>14} {cells[0]:>15}", end="")
            print("".join(f"{cell:>17}" for cell in cells[1:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
