"""Prints the published gradient tables beside a replay: `python cases/published/replay.py`.

The weights are one member of the family that reproduces the tables, not the authors'.
"""

import sys
from pathlib import Path

import numpy as np

from compare import compare_gradients
from compare.formats.read.text import read_text
from compare.problem.answers import name_parameters

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


def printed_by(who: str) -> dict[str, np.ndarray]:
    """Returns the published table of 'torch', or that of the authors' own backward, by 'hand'."""
    arrays = read_text(str(HERE / f"printed_by_{who}.txt")).arrays
    return {str(array.name): array.values for array in arrays}


def main(dtype: str = "float32") -> None:
    """Prints one line a cell, and marks those that print differently."""
    tables = [printed_by(who) for who in ("torch", "hand")]
    found = replay(dtype)
    print(f"Replay in {dtype}; * differs from the table that torch printed")
    print(f"{'cell':<16}{'torch, printed':>15}{'self, printed':>15}", end="")
    print("".join(f"{name:>17}" for name in IMPLEMENTATIONS))
    for key in ("dLdw1", "dLdb1", "dLdw2", "dLdb2", "dLdw3", "dLdb3"):
        for place in np.ndindex(tables[0][key].shape):
            printed, own = (f"{table[key][place]:.7f}" for table in tables)
            gradients = (found[name][key[3:]] for name in IMPLEMENTATIONS)
            ours = [f"{array.reshape(tables[0][key].shape)[place]:.7f}" for array in gradients]
            cells = [f"{text}{' *'[float(text) != float(printed)]}" for text in (own, *ours)]
            label = f"{key}[{','.join(map(str, place))}]"
            print(f"{label:<16}{printed:>14} {cells[0]:>15}", end="")
            print("".join(f"{cell:>17}" for cell in cells[1:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
