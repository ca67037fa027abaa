"""Right gradients of a network, written in every form that is read."""

import io
import json
import re

import numpy as np
import torch
from safetensors.torch import save_file

from compare.formats.read.gradients.expected import expect_gradients
from compare.formats.read.gradients.files import read_gradients
from compare.problem.labels import default_labels
from compare.selftest.backward import backward, forward
from jaxmlp import Batch, Layer, init_params
from tests.support.flax_files import nested, packed

F32 = np.dtype(np.float32)


def network(sizes=(2, 3, 1), n=3, seed=0, activation="sigmoid"):
    """Weights, samples and the right gradients."""
    rng = np.random.default_rng(seed)
    params = init_params(rng, sizes, dtype=F32)
    x = rng.random((n, sizes[0])).astype(F32)
    batch = Batch(x, default_labels(x, sizes[-1]))
    grads = backward(forward(params, batch, activation))
    return params, batch, tuple(Layer(*(np.asarray(leaf, F32) for leaf in one)) for one in grads)


def named(grads, names=("w{}", "b{}"), *, out_in=False):
    found = {}
    for i, (dw, db) in enumerate(grads, start=1):
        found[names[0].format(i)] = np.ascontiguousarray(dw.swapaxes(1, 2)) if out_in else dw
        found[names[1].format(i)] = db
    return found


def dump(path, grads, layout):
    """Writes a dump as its description says, not by the code that writes dumps."""
    sizes = (grads[0].w.shape[1], *(layer.b.shape[1] for layer in grads))
    lines = [f"# gradients of {'-'.join(map(str, sizes))} sigmoid, {len(grads[0].b)} samples, "]
    lines[0] += f"float32, {layout}"
    lines.append("# sample parameter row column value")
    for name, leaf in named(grads, out_in=layout == "out_in").items():
        leaf = leaf if leaf.ndim == 3 else leaf[:, None]
        lines += [f"{s} {name} {i} {j} {leaf[s, i, j]:.9g}" for s, i, j in np.ndindex(leaf.shape)]
    path.write_text("\n".join(lines) + "\n")


def numpy_print(grads):
    with np.printoptions(threshold=10**9, precision=8):
        return "\n".join(f"dL/d{name}\n{leaf}" for name, leaf in named(grads).items())


def torch_print(grads):
    torch.set_printoptions(threshold=10**9)
    leaves = named(grads, ("fc{}.weight.grad", "fc{}.bias.grad"), out_in=True)
    try:
        return "\n".join(f"{name} {torch.tensor(leaf)}" for name, leaf in leaves.items())
    finally:
        torch.set_printoptions(profile="default")


def sequential_print(grads):
    return re.sub(r"fc(\d)\.", r"\1.", torch_print(grads))  # 1.weight.grad tensor(...)


def sample_by_sample(grads):
    lines = []
    for i in range(len(grads[0].b)):
        for name, leaf in named(grads).items():
            lines.append(f"{name} = {np.array2string(leaf[i], threshold=10**9)}")
    return "\n".join(lines)


def savetxt(grads):
    text = io.StringIO()
    for leaf in named(grads).values():
        np.savetxt(text, leaf.reshape(-1, leaf.shape[-1]), fmt="%.7f")
        text.write("\n")
    return text.getvalue()


def rows(grads):
    leaves = [leaf.reshape(len(leaf), -1) for leaf in named(grads).values()]
    return "\n".join(" ".join(f"{v:.6g}" for v in row) for row in np.concatenate(leaves, axis=1))


def weights_first(grads):
    leaves = [*(w for w, _ in grads), *(b for _, b in grads)]
    return "\n".join(str(leaf.tolist()) for leaf in leaves)


def pairs(grads):
    samples = range(len(grads[0].b))
    return str([[[w[i].tolist(), b[i].tolist()] for w, b in grads] for i in samples])


def json_of_names(grads):
    leaves = named(grads, ("dW{}", "db{}"))
    return json.dumps({"loss": 0.5, **{name: leaf.tolist() for name, leaf in leaves.items()}})


def json_of_layers(grads):
    return json.dumps([{"w": w.tolist(), "b": b.tolist()} for w, b in grads])


def json_of_lists(grads):
    return json.dumps({"w": [w.tolist() for w, _ in grads], "b": [b.tolist() for _, b in grads]})


def json_of_samples(grads):
    samples = range(len(grads[0].b))
    return "\n".join(json_of_names([Layer(w[i], b[i]) for w, b in grads]) for i in samples)


def keystr(grads):
    leaves = named(grads, ("['l{}']['kernel']", "['l{}']['bias'].value"))
    return "\n".join(f"{name} {leaf.tolist()}" for name, leaf in leaves.items())


def entries(grads):
    lines = []
    for i in range(len(grads[0].b)):
        for name, leaf in named(grads, ("grad W{}", "grad b{}")).items():
            lines += [f"{name}{list(at)}: {v:.9g}" for at, v in np.ndenumerate(leaf[i])]
    return "\n".join(lines)


PRINTS = {
    "json": json_of_names,
    "json of layers": json_of_layers,
    "json of lists": json_of_lists,
    "json of samples": json_of_samples,
    "keystr": keystr,
    "entries": entries,
    "numpy": numpy_print,
    "torch": torch_print,
    "sequential": sequential_print,
    "sample by sample": sample_by_sample,
    "savetxt": savetxt,
    "rows": rows,
    "weights first": weights_first,
    "pairs": pairs,
}


def npz(path, grads, layout):
    np.savez(path, **named(grads, ("dw{}", "db{}"), out_in=layout == "out_in"))


def pt(path, grads, layout):
    leaves = named(grads, ("{}.weight.grad", "{}.bias.grad"), out_in=True)
    torch.save({k: torch.tensor(v) for k, v in leaves.items()}, path)


def tensors(path, grads, layout):
    leaves = named(grads, ("fc{}.weight", "fc{}.bias"), out_in=True)
    save_file({k: torch.tensor(v) for k, v in leaves.items()}, path)


def msgpack(path, grads, layout):
    leaves = named(grads, ("params/l{}/w", "params/l{}/b"), out_in=layout == "out_in")
    path.write_bytes(packed(nested(leaves)))


EXACT = {"g.msgpack": msgpack, "g.dat": dump, "g.npz": npz, "g.pt": pt, "g.safetensors": tensors}
FORMS = [*((name, layout) for name in EXACT for layout in ("in_out", "out_in"))]
FORMS += [(how, "out_in" if how in ("torch", "sequential") else "in_out") for how in PRINTS]


def write(folder, form, layout, grads):
    if form in EXACT:
        EXACT[form](folder / form, grads, layout)
        return folder / form
    (folder / "print.txt").write_text(PRINTS[form](grads) + "\n")
    return folder / "print.txt"


def read(path, params, n, layout="in_out", dtype=F32):
    """Reads a file in the most likely way, matrices in a layout that was said."""
    expected = expect_gradients(params, n, f"--gradients {path}")
    file = read_gradients(str(path), expected, dtype)
    return file.take(file.readings(expected, layout)[0], expected)
