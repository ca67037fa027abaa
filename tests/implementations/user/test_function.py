"""A user's own backward and module, taking part."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from compare import CallStyle, UsageError, compare_gradients, run
from jaxmlp import init_params
from tests.support import backwards
from tests.support.paths import ROOT
from tests.support.runs import shell

FILE = ROOT / "tests" / "support" / "backwards.py"
SMALL = ("--layer_sizes=3,3,3", "--samples=3", "--implementations=numpy_manual")
PARAMS = init_params(np.random.default_rng(0), (3, 3, 3))
X = np.random.default_rng(1).random((3, 3)).astype(np.float32)


def compare(out, *flags):
    """Runs in this process and returns the exit status."""
    return run.main(["compare.run", f"--out={out}", *flags])


def write(folder, code, name="mine.py"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(textwrap.dedent(code))
    return folder / name


def with_candidates(*candidates, **options):
    return compare_gradients(
        PARAMS, X, candidates=candidates, implementations=["numpy_manual"], **options
    )


def report(out):
    return json.loads((out / "report.json").read_text())


# name -> (flags, the dtype that it is judged by)
RIGHT = {
    "right": ([], "float32"),
    "in_float64": ([], "float64"),
    "in_float64_containers": ([], "float32"),
    "rounded_to_float16": ([], "float16"),
    "as_lists": ([], "float32"),
    "with_axes_of_one": ([], "float32"),
    "one_buffer": ([], "float32"),
    "printing": ([], "float32"),
    "out_in": (["--layout=out_in"], "float32"),
    "batched": (["--candidate_batched"], "float32"),
    "in_torch": (["--candidate_arrays=torch"], "float32"),
    "in_bfloat16": (["--candidate_arrays=torch"], "bfloat16"),
    "in_jax": (["--candidate_arrays=jax"], "float32"),
}
RIGHT_IN_FLOAT64 = {
    "right": [],
    "as_lists": [],
    "in_torch": ["--candidate_arrays=torch"],
    "in_jax": ["--candidate_arrays=jax"],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_one_agrees(tmp_path, capsys, name):
    flags, dtype = RIGHT[name]
    assert compare(tmp_path, *SMALL, f"--candidate={FILE}:{name}", *flags) == 0
    found = report(tmp_path)["implementations"][1]
    assert (found["name"], found["dtype"]) == (name, dtype)
    assert found["source"] == f"{FILE}:{name}"
    assert (tmp_path / f"{name}.dat").exists()
    assert "SAID" not in capsys.readouterr().out


@pytest.mark.parametrize("name", RIGHT_IN_FLOAT64)
def test_a_right_one_in_float64_is_judged_as_such(tmp_path, name):
    flags = [*RIGHT_IN_FLOAT64[name], "--dtype=float64"]
    assert compare(tmp_path, *SMALL, f"--candidate={FILE}:{name}", *flags) == 0
    assert report(tmp_path)["implementations"][1]["dtype"] == "float64"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("factor_2_missing", "is half of what the chain rule gives, as by a missing factor 2"),
        ("phi_missing", "delta1 of phi_missing is computed without phi'"),
        ("weight_transposed", "delta1 of weight_transposed .* transpose"),
        ("x_missing", "dL/dw1 of x_missing .* x"),
        ("with_nan", r"with_nan has nan at w1\[0,0\] of sample 0 where numpy_manual has"),
        ("with_inf", r"with_inf has inf at w1\[0,0\] of sample 0 where numpy_manual has"),
    ],
)
def test_a_wrong_one_is_explained(tmp_path, name, words):
    assert compare(tmp_path, *SMALL, f"--candidate={FILE}:{name}") == 2
    found = report(tmp_path)
    assert found["verdict"] == "disagree"
    assert re.search(words, found["reason"]), found["reason"]
    right, wrong = (one["certificate"]["failed"] for one in found["implementations"])
    assert right == 0
    assert wrong > 0 or name in ("with_nan", "with_inf")


MATMUL = "return [(np.outer(x, y), y)]"
# what the body of `f(params, x, y)` is, of one layer 2-3 -> the sentence
BAD = {
    "nothing": ("pass", "expected a list of 1 pairs .* got None; is a return missing"),
    "dict": ("return {'h1': x}", "got dict"),
    "string": ("return 'w'", "got str"),
    "string_pair": ("return ['wb']", "got 2 items for layer 1|got str for layer 1"),
    "generator": ("yield x", "got generator"),
    "too_few": ("return []", "expected a list of 1 pairs .* got 0 items"),
    "too_many": ("return [(x, y), (x, y)]", "got 2 items"),
    "triple": ("return [(x, y, y)]", "got 3 items for layer 1"),
    "shape": ("return [(x, y)]", r"sample 0: dw1: expected shape \[2, 3\], got \[2\]"),
    "transposed": (
        "return [(np.outer(y, x), y)]",
        r"got \[3, 2\]; transpose it; it returns the expected shapes with --layout=out_in",
    ),
    "integer": ("return [(np.ones((2, 3), int), y)]", "dw1: expected numbers .* of int64"),
    "complex": ("return [(np.outer(x, y), y * 1j)]", "db1: expected numbers .* of complex64"),
    "object": ("return [(np.outer(x, y).astype(object), y)]", "ndarray of object"),
    "none": ("return [(np.outer(x, y), None)]", "db1: .* got None"),
    "ragged": ("return [([[1.0], [1.0, 2.0]], y)]", "dw1: expected an array of numbers: "),
    "weird": (
        "class Weird:\n        def __array__(self, *_, **__): raise AttributeError('odd')\n"
        "    return [(Weird(), y)]",
        "dw1: expected an array of numbers: odd",
    ),
    "raises": ("raise KeyError('mine')", "raised in sample 0: KeyError: 'mine'"),
    "raises_in_sample_2": (
        "seen.append(1)\n    if len(seen) > 2: raise KeyError('mine')\n    " + MATMUL,
        "raised in sample 2: KeyError: 'mine'",
    ),
    "many_lines": ("raise ValueError('one\\n\\ntwo')", "sample 0: ValueError: one; it was given"),
    "system_exit": ("raise SystemExit(0)", "raised in sample 0: SystemExit: 0"),
    "os_exit": ("import os; os._exit(0)", r"sample 0: SystemExit: os\._exit\(0\) would"),
    "exec": (
        "import os; os.execl('/bin/true', 'true')",
        r"sample 0: SystemExit: os\.execv\('/bin/true', .* would have ended the whole process",
    ),
    "exits_in_array": (
        "class Odd:\n        def __array__(self, *_, **__): raise SystemExit(0)\n"
        "    return [(Odd(), y)]",
        "returned in sample 0 what raises when it is read: SystemExit: 0",
    ),
    "exits_in_len": (
        "class Odd(list):\n        def __len__(self): raise SystemExit(0)\n    return Odd()",
        "returned in sample 0 what raises when it is read: SystemExit: 0",
    ),
    "exits_in_getattr": (
        "class Odd:\n        def __getattr__(self, name): raise SystemExit(0)\n"
        "    return [(Odd(), Odd())]",
        "returned in sample 0 what raises when it is read: SystemExit: 0",
    ),
    "changes_w": ("params[0][0][0] = 0; " + MATMUL, "changed its argument w1 in sample 0"),
    "changes_b": ("params[0][1][:] = 0; " + MATMUL, "changed its argument b1 in sample 0"),
    "changes_x": ("x *= 2; " + MATMUL, "changed its argument x in sample 0: .* work on a copy"),
    "changes_y": ("y -= 1; " + MATMUL, "changed its argument y in sample 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_a_candidate_must_not_do(tmp_path, case):
    body, words = BAD[case]
    mine = write(tmp_path, f"import numpy as np\nseen = []\ndef f(params, x, y):\n    {body}\n")
    flags = ("--layer_sizes=2,3", "--samples=3", "--implementations=numpy_manual")
    with pytest.raises(UsageError, match=f"^candidate {mine}:f.*{words}") as caught:
        compare(tmp_path / "new", *flags, f"--candidate={mine}:f")
    assert not (tmp_path / "new").exists()
    said = str(caught.value)
    assert str(ROOT / "compare") not in said
    their_code_raised = "raise" in body or "import os" in body
    assert ("\n" in said) == (their_code_raised and case != "weird")
    if "\n" in said:
        assert f'File "{mine}", line' in said


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda params, x, y: params[1][0].mul_(2), "w2"),
        (lambda params, x, y: params[0][1].data.zero_(), "b1"),
        (lambda params, x, y: x.zero_(), "x"),
        (lambda params, x, y: y.add_(1), "y"),
    ],
)
def test_a_change_in_place_by_torch_is_found(change, name):
    def f(params, x, y):
        grads = backwards.in_torch(params, x, y)
        change(params, x, y)
        return grads

    with pytest.raises(UsageError, match=f"f changed its argument {name} in sample 0"):
        with_candidates(f, call_style=CallStyle(arrays="torch"))


def test_a_change_in_place_reaches_nobody_else():
    before = [leaf.copy() for layer in (*PARAMS, (X,)) for leaf in layer]

    def f(params, x, y):
        grads = backwards.right(params, x, y)
        params.clear()
        return grads

    def g(params, x, y):
        params[0][0][:] = 7
        return backwards.right(params, x, y)

    assert with_candidates(f, backwards.right).verdict == "agree"
    with pytest.raises(UsageError, match="changed its argument w1"):
        with_candidates(g)
    after = [leaf for layer in (*PARAMS, (X,)) for leaf in layer]
    assert all(map(np.array_equal, before, after))


def test_what_it_sets_for_numpy_and_torch_holds_for_itself_alone():
    def f(params, x, y):
        np.seterr(all="raise")
        torch.set_grad_enabled(False)
        return backwards.right(params, x, y)

    before = np.geterr()
    options = {"implementations": ["torch_autograd"], "candidates": [f]}
    try:
        x = np.resize(X, (1025, 3))  # two blocks
        assert compare_gradients(PARAMS, x, **options).verdict == "agree"
        assert np.geterr() == before
    finally:
        torch.set_grad_enabled(True)


@pytest.mark.parametrize(("first", "call"), [("os.chdir('away')", ""), ("", "os.chdir('away')")])
def test_where_it_goes_it_goes_alone(tmp_path, monkeypatch, first, call):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "away").mkdir()
    f = f"def f(params, x, y):\n    {call}\n    return right(params, x, y)\n"
    write(tmp_path, f"import os\nfrom tests.support.backwards import right\n{f}{first}\n")
    assert compare("out", *SMALL, "--candidate=mine.py:f") == 0
    assert (tmp_path / "out" / "f.dat").exists()
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_a_caller_that_forbids_gradients(context):
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    with context():
        assert compare_gradients(net, X, implementations=["torch_autograd"]).verdict == "agree"


def test_one_gradient_for_a_whole_batch_is_recognised():
    words = r"\[3, 3, 3\], got \[3, 3\], which is one gradient .*call the backward on one sample"
    with pytest.raises(UsageError, match=words):
        with_candidates(backwards.mean_of_the_batch, call_style=CallStyle(batched=True))


# file -> (its text or None, NAME, the sentence)
UNLOADABLE = {
    "syntax": ("def f(:", ":f", "cannot be imported: SyntaxError: invalid syntax\n.*mine.py"),
    "raises": ("1 / 0", ":f", "cannot be imported: ZeroDivisionError: division by zero\n.*line 1"),
    "exits": ("raise SystemExit(0)", ":f", "cannot be imported: SystemExit: 0\n"),
    "exits_for_good": ("import os; os._exit(0)", ":f", r"imported: SystemExit: os\._exit\(0\)"),
    "exits_by_name": (
        "def __getattr__(name): raise SystemExit(0)",
        ":f",
        "cannot be looked up: SystemExit: 0\n",
    ),
    "imports_nothing": ("import no_such", ":f", "ModuleNotFoundError: No module named 'no_such'"),
    "no_name": ("def g(): pass\nclass C: pass", ":f", "a function f in .*mine.py; it has g, C$"),
    "no_name_but_an_object": (
        "class C:\n    def __call__(self): pass\nc = C()",
        ":f",
        "a function f in .*mine.py; it has C, c$",
    ),
    "no_function": ("f = 3", ":f", "a function f in .*, got int; it has none of its own$"),
    "no_attribute": ("class C: pass", ":C.f", r"a function C\.f in .*; it has C$"),
    "no_colon": ("", "", r"expected FILE.py:NAME, FILE.ipynb:NAME or package.module:NAME"),
    "no_name_after_the_colon": (
        "",
        ":",
        "expected FILE.py:NAME, FILE.ipynb:NAME or package.module:NAME",
    ),
    "no_file": (None, ":f", "there is no file .*mine.py$"),
}


@pytest.mark.parametrize("case", UNLOADABLE)
def test_a_file_without_the_function(tmp_path, case):
    code, name, words = UNLOADABLE[case]
    mine = tmp_path / "mine.py"
    if code is not None:
        mine.write_text(code)
    with pytest.raises(UsageError, match=rf"(?s)^--candidate={mine}{name}: .*{words}"):
        compare(tmp_path / "new", *SMALL, f"--candidate={mine}{name}")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("no_such.module:f", "No module named 'no_such'"),
        ("tests/support/backwards:right", "expected FILE.py:NAME"),
        (":right", "expected FILE.py:NAME"),
        (
            "tests.support.backwards:wrong",
            r"a function wrong in tests.support.backwards; it has .* and \d+ more$",
        ),
    ],
)
def test_a_module_without_the_function(tmp_path, reference, words):
    with pytest.raises(UsageError, match=words):
        compare(tmp_path, *SMALL, f"--candidate={reference}")


def test_a_module_may_be_named_and_an_attribute_of_a_class(tmp_path):
    write(
        tmp_path,
        "from tests.support.backwards import right\nclass C:\n    f = staticmethod(right)\n",
    )
    flags = ("--candidate=tests.support.backwards:right", f"--candidate={tmp_path}/mine.py:C.f")
    assert compare(tmp_path, *SMALL, *flags) == 0
    assert [one["name"] for one in report(tmp_path)["implementations"][1:]] == ["right", "C.f"]


def test_what_lies_beside_two_candidates_is_kept_apart(tmp_path):
    code = """
        import helper
        def early(params, x, y):
            return helper.f(params, x, y)
        def late(params, x, y):
            import late_helper
            from late_package import part
            assert part.f is late_helper.f
            return late_helper.f(params, x, y)
        """
    flags = []
    for version, function in (("a", "right"), ("b", "factor_2_missing")):
        mine = write(tmp_path / version, code)
        for name in ("helper.py", "late_helper.py", "late_package/part.py"):
            place = tmp_path / version / name
            write(place.parent, f"from tests.support.backwards import {function} as f", place.name)
        write(tmp_path / version / "late_package", "", "__init__.py")
        flags += [f"--candidate={mine}:early", f"--candidate={mine}:late"]
    assert compare(tmp_path, *SMALL, "--samples=1025", *flags) == 2
    failed = [one["certificate"]["failed"] for one in report(tmp_path)["implementations"]]
    assert failed == [0, 0, 0, 1025, 1025]


def test_what_lies_beside_a_candidate_hides_nothing_of_ours(tmp_path):
    for name in ("random", "compare", "jaxmlp", "tabnanny"):
        write(tmp_path, f"raise RuntimeError('{name}')", f"{name}.py")
    write(tmp_path, "from tests.support.backwards import right", "own_helper.py")
    code = "import random, tabnanny, compare, jaxmlp, own_helper\nf = own_helper.right"
    assert compare(tmp_path, *SMALL, f"--candidate={write(tmp_path, code)}:f") == 0


def test_a_link_imports_from_beside_its_target(tmp_path):
    write(tmp_path / "real", "from tests.support.backwards import right as f", "beside_target.py")
    write(tmp_path / "real", "from beside_target import f")
    (tmp_path / "link.py").symlink_to(tmp_path / "real" / "mine.py")
    assert compare(tmp_path, *SMALL, f"--candidate={tmp_path}/link.py:f") == 0


def test_names_that_collide_are_told_apart(tmp_path):
    code = "from tests.support.backwards import right as jax_grad\nmy_autograd = f = jax_grad"
    one, two = (write(tmp_path / name, code) for name in "ab")
    flags = [f"--candidate={one}:{name}" for name in ("jax_grad", "my_autograd", "f")]
    flags += [f"--candidate={two}:f", f"--candidate={two}:f", "--implementations=jax_manual"]
    assert compare(tmp_path, *SMALL, *flags, "--dumps=npz") == 0
    names = [one["name"] for one in report(tmp_path)["implementations"]]
    mine = ["mine.jax_grad", "mine.my_autograd", "f", "mine.f", "mine.f2"]
    assert names == ["jax_manual", *mine]
    dumps = sorted(path.stem for path in tmp_path.glob("*.npz"))
    assert dumps == sorted(["my_autograd", *mine])
    assert all(len(np.load(tmp_path / f"{stem}.npz")["w1"]) == 3 for stem in dumps)


def test_names_of_functions_name_files_too():
    named = {"a/b@c": backwards.right, 3: backwards.right, "": backwards.right}
    found = compare_gradients(PARAMS, X, implementations=[], candidates=named)
    assert [one.name for one in found.implementations] == ["a_b_c", "3", "candidate"]
    assert found.config["candidate"] == ("a/b@c", "3", "")


class Leaving(list):
    """Ends the process when it is looked at."""

    def __len__(self):
        raise SystemExit(0)


class Raising:
    """Raises whatever is asked of it."""

    def __getattr__(self, name):
        raise KeyError("mine")

    def __str__(self):
        raise KeyError("mine")


class RaisingItems(dict):
    """Cannot be gone through."""

    def items(self):
        raise KeyError("mine")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"candidates": backwards.right}, "candidates: expected functions in a list.*got function"),
        ({"candidates": None}, "candidates: .*got None$"),
        ({"candidates": {"mine": 3}}, "candidates: expected a function for mine, got 3"),
        ({"candidates": {Raising(): 3}}, "candidates: expected names, got one that raises"),
        ({"candidates": [Raising()]}, "candidates: expected a function for candidate, got "),
        ({"gradients": RaisingItems()}, "gradients: cannot be read: KeyError: 'mine'\n"),
        ({"gradients": {"g": Leaving()}}, "gradients g raise when they are read: SystemExit: 0"),
        ({"gradients": [1]}, "gradients: expected a dict of name -> .*got list"),
        ({"call_style": CallStyle(arrays="tf")}, r"^call_style\.arrays: .*'tf'"),
        ({"params": torch.nn.Linear}, "params: expected .*MLP.., got Linear"),
        ({"params": {"w1": X, "h1": X}}, "params: expected a weight .* found w1"),
    ],
)
def test_other_objects_are_refused(options, words):
    with pytest.raises(UsageError, match=words):
        compare_gradients(**{"params": PARAMS, "x": X, **options})


def test_from_the_shell(tmp_path):
    (tmp_path / "backwards.py").write_text(f"print('SAID')\n{FILE.read_text()}")

    def run_of(name):
        return shell("compare.run", *SMALL, f"--candidate=backwards.py:{name}", cwd=tmp_path)

    good = run_of("printing")
    assert (good.returncode, "SAID" in good.stdout) == (0, False)
    assert good.stderr.splitlines() == ["SAID", *["SAID BY THE CANDIDATE"] * 3]
    bad = run_of("in_torch")  # which NumPy arrays do not suit
    assert (bad.returncode, bad.stdout) == (1, "")
    said = "compare.run: candidate backwards.py:in_torch raised in sample 0: AttributeError: "
    assert bad.stderr.splitlines()[1].startswith(said)
    assert f"{ROOT}/" not in bad.stderr


def test_it_may_close_its_streams(tmp_path):
    code = """
        import sys
        def f(params, x, y):
            sys.stdout.close()
            sys.stderr.close()
            1 / 0
        """
    words = ["compare.run", f"--candidate={write(tmp_path, code)}:f", f"--out={tmp_path}/out"]
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "mine.py:f raised in sample 0: ZeroDivisionError: division by zero; " in done.stderr


class WrongRelu(torch.autograd.Function):
    """A relu whose backward forgets the mask."""

    @staticmethod
    def forward(ctx, z):
        return torch.relu(z)

    @staticmethod
    def backward(ctx, upstream):
        return upstream


class Net(torch.nn.Module):
    def __init__(self, act):
        super().__init__()
        self.a, self.b = torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)
        self.act = act

    def forward(self, x):
        return self.b(self.act(self.a(x)))


def with_nan(net):
    with torch.no_grad():
        net.a.weight[1, 2] = torch.nan
    return net


def test_a_module_takes_part_as_it_is():
    net = Net(torch.tanh).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = torch.get_rng_state()

    def wrong(params, x, y):
        return params

    found = compare_gradients(net, X, candidates={"module": wrong})
    assert [one.name for one in found.implementations][3:] == ["module", "given.module"]
    assert found.config["activation"] == "tanh"
    assert [one.certificate.failed > 0 for one in found.implementations] == [False] * 4 + [True]
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in net.parameters())
    assert net.training
    assert torch.equal(state, torch.get_rng_state())


def test_a_module_agrees_in_either_layout_and_dtype():
    for layout in ("in_out", "out_in"):
        assert compare_gradients(Net(torch.tanh), X, layout=layout).verdict == "agree"
    found = compare_gradients(Net(torch.tanh).double(), X.astype(np.float64))
    assert {one.dtype for one in found.implementations} == {"float64"}
    assert found.verdict == "agree"


def test_a_module_is_judged_by_its_own_backward():
    torch.manual_seed(0)  # one draw in 40 has no unit that its backward forgets to mask
    found = compare_gradients(Net(WrongRelu.apply), X)
    assert found.verdict == "disagree"
    assert "of module is computed without phi'" in found.reason
    assert [one.certificate.failed > 0 for one in found.implementations] == [False] * 3 + [True]


@pytest.mark.parametrize(
    ("module", "options", "words"),
    [
        (Net(torch.tanh), {"activation": "relu"}, "activation: the module has tanh, got 'relu'"),
        (Net(torch.sin), {}, "sin"),
        (torch.nn.Conv1d(1, 1, 1), {}, "Conv1d"),
        (torch.nn.Linear(4, 1), {}, r"expected x of shape \[N, 4\]"),
        (with_nan(Net(torch.tanh)), {}, r"module: a\.weight has entries that are not finite"),
    ],
)
def test_a_module_that_is_refused(module, options, words):
    with pytest.raises(UsageError, match=words):
        compare_gradients(module, X, **options)
