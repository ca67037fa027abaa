"""What a user brings is called once before a run, and what fails is told with what helps."""

import re
import sys
import textwrap

import jax
import numpy as np
import pytest
import torch

import compare.pipeline.compare as pipeline
from compare import CallStyle, UsageError, compare_gradients, run
from jaxmlp import init_params
from tests.support import backwards

SIZES = (2, 3, 1)
PARAMS = init_params(np.random.default_rng(0), SIZES)
X = np.random.default_rng(1).random((4, 2)).astype(np.float32)
START = """
    import numpy as np
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))
"""
COLUMNS = """
    def f(params, x, y):
        (w1, b1), (w2, b2) = params
        h = sigmoid(w1 @ x + b1)
        d2 = 2 * (w2 @ h + b2 - y)
        d1 = (w2.T @ d2) * h * (1 - h)
        return [(np.outer(d1, x), d1), (np.outer(d2, h), d2)]
"""
ROWS = """
    def f(params, x, y):
        (w1, b1), (w2, b2) = params
        n, d = x.shape
        h = sigmoid(x @ w1 + b1)
        d2 = 2 * (h @ w2 + b2 - y)
        d1 = (d2 @ w2.T) * h * (1 - h)
        return [(x[:, :, None] * d1[:, None], d1), (h[:, :, None] * d2[:, None], d2)]
"""
TENSORS = """
    import torch
    def f(params, x, y):
        leaves = [leaf.requires_grad_() for layer in params for leaf in layer]
        (w1, b1), (w2, b2) = params
        yhat = torch.sigmoid(x @ w1 + b1) @ w2 + b2
        torch.sum((yhat - y) ** 2).backward()
        return [(w.grad, b.grad) for w, b in params]
"""
LINEAR = TENSORS.replace(
    "torch.sigmoid(x @ w1 + b1) @ w2 + b2", "torch.sigmoid(w1.mv(x) + b1) @ w2.t() + b2"
)
MEAN = ROWS.replace("x[:, :, None] * d1[:, None], d1", "x.T @ d1 / n, d1.mean(0)").replace(
    "h[:, :, None] * d2[:, None], d2", "h.T @ d2 / n, d2.mean(0)"
)
JAX = """
    import jax.numpy as jnp
    from tests.support.backwards import right
    def f(params, x, y):
        return right([(w.at[0, 0].add(0.0), b) for w, b in params], x, y)
"""


def write(folder, code):
    path = folder / "mine.py"
    path.write_text(textwrap.dedent(START) + textwrap.dedent(code))
    return path


def compared(path, *flags, samples=4):
    sizes = ",".join(map(str, SIZES))
    own = [f"--layer_sizes={sizes}"] * (not any("--params" in flag for flag in flags))
    return run.main(
        [
            "compare.run",
            f"--candidate={path}:f",
            f"--out={path.parent}/out",
            "--implementations=numpy_manual",
            f"--samples={samples}",
            "--quiet",
            *own,
            *flags,
        ]
    )


def told(function, **options):
    """The first line of the library's error."""
    options = {"implementations": ["numpy_manual"], "candidates": {"f": function}, **options}
    with pytest.raises(UsageError) as caught:
        compare_gradients(PARAMS, X, **options)
    return str(caught.value).partition("\n")[0]


# code -> the flags that it needs, as the error names them
HELPED = {
    "columns": (COLUMNS, "--layout=out_in (w1 [3, 2])"),
    "rows": (ROWS, "--candidate_batched"),
    "tensors": (TENSORS, "--candidate_arrays=torch"),
    "tensors_by_torch": (LINEAR, "--layout=out_in (w1 [3, 2]) and --candidate_arrays=torch"),
    "jax": (JAX, "--candidate_arrays=jax"),
}


@pytest.mark.parametrize("case", HELPED)
def test_flags_that_help_are_named_and_help(tmp_path, case):
    code, flags = HELPED[case]
    path = write(tmp_path, code)
    with pytest.raises(UsageError) as caught:
        compared(path)
    first = str(caught.value).partition("\n")[0]
    assert first.endswith(f"; it returns the expected shapes with {flags}")
    assert "it was given (params, x, y): params [(w1 [2, 3], b1 [3]), (w2 [3, 1], b2 [1])]" in first
    assert "x [2], y [1], NumPy arrays of float32; " in first
    assert not (tmp_path / "out").exists()
    assert compared(path, *(word for word in flags.split() if word.startswith("--"))) == 0


def test_a_flag_is_named_with_which_it_does_not_raise(tmp_path):
    path = write(tmp_path, MEAN.replace("x.T @ d1 / n", "x"))
    with pytest.raises(UsageError, match="; it does not raise with --candidate_batched\n"):
        compared(path)


def test_the_gradient_of_a_batch_is_recognised(tmp_path):
    path = write(tmp_path, MEAN)
    said = "; it returns one gradient of a whole batch: say of what by --reduction=mean or "
    with pytest.raises(UsageError, match=said):
        compared(path)
    with pytest.raises(UsageError, match="or --reduction=sum if it is that of a batch"):
        compared(path, "--candidate_batched")
    assert compared(path, "--reduction=mean") == 0


def test_no_flag_is_named_that_would_read_weights_otherwise(tmp_path):
    path = write(tmp_path, COLUMNS)
    names = ("w1", "b1", "w2", "b2")
    leaves = [leaf for layer in PARAMS for leaf in layer]
    np.savez(tmp_path / "w.npz", **dict(zip(names, leaves, strict=True)))
    with pytest.raises(
        UsageError, match=r"; it returns the expected shapes with every w transposed \(w1 \[3"
    ):
        compared(path, f"--params={tmp_path}/w.npz")
    tensors = {
        f"{i}.{kind}": torch.tensor(leaf)
        for i, (w, b) in enumerate(PARAMS)
        for kind, leaf in (("weight", w.T.copy()), ("bias", b))
    }
    torch.save(tensors, tmp_path / "w.pt")
    with pytest.raises(
        UsageError, match=r"; it returns the expected shapes with --layout=out_in \(w1 \[3"
    ):
        compared(path, f"--params={tmp_path}/w.pt")
    assert compared(path, f"--params={tmp_path}/w.pt", "--layout=out_in") == 0


def test_the_library_names_arguments():
    def columns(params, x, y):
        turned = [(w.T, b) for w, b in params]
        assert turned[0][0].shape == (2, 3)
        return [(dw.T, db) for dw, db in backwards.right(turned, x, y)]

    def alone(params, x, y):
        assert x.ndim == 1
        return backwards.right(params, x, y)

    said = {
        "every w transposed (w1 [3, 2])": told(columns),
        "call_style=CallStyle(arrays='torch')": told(backwards.in_torch),
        "call_style=CallStyle(batched=True)": told(backwards.batched),
        "call_style=CallStyle(batched=False)": told(alone, call_style=CallStyle(batched=True)),
    }
    for words, first in said.items():
        assert first.endswith(f"; it returns the expected shapes with {words}")
        assert "--" not in first


class Net(torch.nn.Module):
    def __init__(self, act):
        super().__init__()
        self.a, self.b, self.act = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1), act

    def forward(self, x):
        return self.b(self.act(self.a(x)))


class Backprop:
    def __init__(self, sizes):
        self.sizes = sizes

    def gradients(self, params, x, y):
        return backwards.right(params, x, y)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x, y, params: backwards.right(params, x, y), "its signature is (x, y, params); "),
        (lambda params, x: None, "2 positional arguments but 3 were given; its signature is (par"),
        (lambda params, x, y, z: None, "argument: 'z'; its signature is (params, x, y, z); "),
        (lambda params, *, x, y=None: None, "; its signature is (params, *, x, y); "),
        (lambda *these: 1 / 0, "division by zero; it was given (params, x, y): "),
        (len, "len() takes exactly one argument (3 given); its signature is (obj, /); "),
        (Backprop, "; it is a class: name a function, or a method of an object of it; "),
        (Backprop.gradients, "; it is a method without its object: name that of an object, "),
        (Net(torch.tanh), "; it is a torch module, which is given as params, or by --module; "),
    ],
)
def test_what_it_takes_is_told_beside_what_it_was_given(function, words):
    said = told(function)
    assert words in said
    assert said.endswith("x [2], y [1], NumPy arrays of float32")


def test_classes_are_said_to_be_one_hot():
    options = {"y": np.array([0, 2, 1]), "output": "softmax", "loss": "cross_entropy"}
    layers = [(np.ones((2, 3), np.float32), np.ones(3, np.float32))]
    with pytest.raises(
        UsageError, match=r"y \[3\] \(one-hot: y.argmax\(-1\) is the class\), NumPy"
    ):
        compare_gradients(layers, X[:3], candidate=lambda *_: 1 / 0, **options)


def test_what_jax_says_of_its_own_frames_is_left_out():
    def raises(*_):
        jax.grad(lambda x: x["kernel"])(1.0)

    with pytest.raises(UsageError, match=r"\nTypeError: .*'kernel'\Z") as caught:
        compare_gradients(PARAMS, X, candidate=raises, implementations=["numpy_manual"])
    places = re.findall(r"^  File .*$", str(caught.value), re.MULTILINE)
    assert places
    assert all(__file__ in place for place in places)


def test_a_method_of_an_object_is_a_function_like_any_other():
    options = {"candidates": [Backprop(3).gradients], "implementations": ["numpy_manual"]}
    assert compare_gradients(PARAMS, X, **options).verdict == "agree"


def test_a_deep_network_is_cut_short():
    def f(params, x, y):
        raise ValueError("mine")

    with pytest.raises(UsageError, match=r"\[\(w1 \[2, 2\], b1 \[2\]\), \(w2 .*\), \.\.\., \(w9 "):
        compare_gradients([(np.eye(2), np.ones(2))] * 9, np.ones((1, 2)), candidates=[f])


@pytest.fixture
def nothing_begins(monkeypatch):
    """Fails where a run is set up."""

    def begin(*_):
        raise AssertionError("the run began")

    monkeypatch.setattr(pipeline, "implementations_of", begin)


BAD = {
    "raises": "def f(params, x, y): raise KeyError('mine')",
    "none": "def f(params, x, y): pass",
    "shape": "def f(params, x, y): return params[::-1]",
    "changes": "def f(params, x, y): x += 1; return params",
}


@pytest.mark.parametrize("flags", [(), ("--candidate_batched",), ("--candidate_arrays=torch",)])
@pytest.mark.parametrize("case", BAD)
def test_it_is_told_before_the_run_begins(tmp_path, nothing_begins, case, flags):
    path = write(tmp_path, BAD[case])
    with pytest.raises(UsageError, match=f"^candidate {path}:f"):
        compared(path, *flags, samples=10_000_000)


def test_a_backward_of_a_module_is_called_first_too(nothing_begins):
    class Raising(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            return torch.relu(z)

        @staticmethod
        def backward(ctx, upstream):
            raise KeyError("mine")

    with pytest.raises(UsageError, match="params: the module raised: KeyError: 'mine'\n"):
        compare_gradients(Net(Raising.apply), X)


def test_an_unfinished_run_outlives_a_candidate_that_fails(tmp_path):
    path = write(tmp_path, BAD["none"])
    state = tmp_path / "out" / ".unfinished"
    state.mkdir(parents=True)
    (state / "kept").write_text("")
    with pytest.raises(UsageError, match="is a return missing"):
        compared(path, "--restart")
    assert (state / "kept").exists()


def test_the_first_answer_is_kept_so_it_is_called_no_more_than_once_a_sample():
    seen = []

    def f(params, x, y):
        seen.append(tuple(x))
        return backwards.right(params, x, y)

    compare_gradients(PARAMS, X, candidates=[f], implementations=["numpy_manual"])
    assert seen == [tuple(x) for x in X]


def test_the_first_call_is_of_the_block_that_is_asked_for(tmp_path):
    path = write(tmp_path, "seen = []\ndef f(params, x, y): seen.append(x); return None")
    firsts = []
    for sample in (0, 3000):
        with pytest.raises(UsageError, match=f"sample {sample // 2048 * 2048}: "):
            compared(path, f"--only_sample={sample}", "--dumps=none", samples=4000)
        firsts.append(sys.modules["candidate_mine"].seen[0])
    assert not np.array_equal(*firsts)
    with pytest.raises(UsageError, match=r"^only_sample: expected the number of one of 4 samples"):
        compared(path, "--only_sample=4", "--dumps=none")


def test_processes_meet_before_anything_is_called(tmp_path, monkeypatch):
    """JAX lets them meet only as long as it has not computed."""

    def join(config):
        raise UsageError("they meet")

    monkeypatch.setattr("compare.resume.processes.join", join)
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "2")
    with pytest.raises(UsageError, match=r"^they meet$"):
        compared(write(tmp_path, BAD["raises"]))
