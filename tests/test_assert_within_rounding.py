"""The assertion for kernels, and its fixture."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare import Candidate, UsageError, cut
from compare.evidence.rounding import explain
from compare.testing import assert_within_rounding as check
from compare.testing.failed_check import format_sources

RNG = np.random.default_rng(0)
X, GAIN = RNG.normal(size=(8, 32)), 1 + 0.1 * RNG.normal(size=(1, 32))
ARGS = X.astype(np.float32), GAIN.astype(np.float32)


def layer_norm(x, gain):
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + 1e-5) * gain


def kernel_of(eps=1e-5, dx=lambda dx: dx):
    def forward(x, gain):
        centred = x - x.mean(-1, keepdims=True)
        scale = 1 / jnp.sqrt((centred * centred).mean(-1, keepdims=True) + eps)
        return centred * scale * gain, (centred * scale, scale, gain)

    def backward(kept, dy):
        normed, scale, gain = kept
        d = dy * gain
        d = d - d.mean(-1, keepdims=True) - normed * (d * normed).mean(-1, keepdims=True)
        return dx(d * scale), (dy * normed).sum(0, keepdims=True)

    @jax.custom_vjp
    def fused_norm(x, gain):
        return forward(x, gain)[0]

    fused_norm.defvjp(forward, backward)
    return fused_norm


RIGHT = kernel_of()
FILES = ["arguments.npz", "arguments.py", "cotangents.npz"]  # of a failure


def message_of(kernel, *args, reference=layer_norm, **options):
    with pytest.raises(AssertionError) as caught:
        check(kernel, reference, *(args or ARGS), **options)
    return str(caught.value)


def test_a_right_kernel_passes_and_nothing_is_written(tmp_path):
    report = check(RIGHT, layer_norm, *ARGS, save=tmp_path / "new")
    assert report.verdict == "agree"
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_backward_is_told_with_its_worst_entry_and_what_is_allowed(tmp_path):
    wrong = kernel_of(dx=lambda dx: dx.at[3].set(dx[2]))
    verdict, table, entry, sources, inputs = message_of(wrong, save=tmp_path).split("\n\n")
    assert verdict == (
        "disagree: the gradient by args[0] of fused_norm is\n"
        "further from exact than rounding can be."
    )
    head, *rows, alone = table.splitlines()
    assert head.split() == ["entries", "beyond", "of", "worst", "4", "typical"]
    assert [row.split()[:-4] for row in rows] == [
        ["output"],
        ["gradient", "by", "args[0]"],
        ["gradient", "by", "args[1]"],
    ]
    assert [row.split()[-4:-2] for row in rows] == [["256", "0"], ["256", "32"], ["32", "0"]]
    assert alone == "All else holds: it is the backward alone."
    where, *told = entry.splitlines()
    assert where.startswith("Entry [3,")
    assert [line.split()[0] for line in told[:4]] == [
        "fused_norm",
        "exact",
        "difference",
        "allowed",
    ]
    found, exact, difference = (float(line.split()[1]) for line in told[:3])
    assert abs(found - exact) == pytest.approx(difference, rel=0.1)
    assert "the worst case of rounding in float32 there" in " ".join(" ".join(told).split())
    assert "test_assert_within_rounding.py" in sources
    assert "    centred" in sources
    assert inputs.splitlines() == [
        "To run it again, with dtype='float32':",
        f"import runpy; saved = runpy.run_path('{tmp_path}/arguments.py')",
        'args, cotangents = saved["args"], saved["cotangents"]',
    ]


def test_a_wrong_forward_is_told_first(tmp_path):
    said = message_of(kernel_of(eps=1e-2), save=tmp_path)
    assert said.startswith("disagree: the output of fused_norm is")
    assert "fails, and so does the backward: mend the forward first." in said


SLIGHTLY_WRONG = kernel_of(dx=lambda dx: dx * (1 + 3e-6))


def test_what_is_possible_in_float32_is_decided_in_float64(tmp_path):
    said = " ".join(message_of(SLIGHTLY_WRONG, save=tmp_path).split())
    assert said.startswith(
        "disagree: computed in float64, the gradient by args[0] of fused_norm is further from "
        "exact than rounding can be. "
    )
    assert "the worst case of rounding in float64 there" in said


def test_what_is_possible_and_unlikely_fails_too(tmp_path):
    dy = RNG.normal(size=X.shape).astype(np.float32)
    out, pull = jax.vjp(SLIGHTLY_WRONG, *ARGS)
    said = message_of((out, pull(dy)), cotangents=dy, save=tmp_path)
    assert " ".join(said.split()).startswith(
        "unlikely: the gradient by args[0] of kernel is further from exact than rounding is "
        "likely to be. "
    )
    assert ": 4 x " in said


def test_a_message_fits_the_log_of_a_ci_job(tmp_path):
    """pytest puts 8 columns before each line, and the name of the error before the first."""
    args = {f"a_rather_long_name_of_a_weight_{i}": ARGS[0] + i for i in range(9)}

    def reference(tree):
        return {name: jnp.sin(one).sum() for name, one in tree.items()}

    def cubed(tree):
        return {name: (one * (1 - one * one / 6)).sum() for name, one in tree.items()}

    said = message_of(cubed, args, reference=reference, save=tmp_path)
    lines = f"AssertionError: {said}".splitlines()
    assert len(lines) <= 25
    assert all(len(line) <= 72 or line.startswith("import runpy") for line in lines)
    assert "\nand 14 results more\n" in said
    assert "a_rather_long_name_of_a_weight_0" in said


def test_nan_in_a_kernel_is_told(tmp_path):
    wrong = kernel_of(dx=lambda dx: dx.at[1, 2].set(jnp.nan))
    said = message_of(wrong, save=tmp_path)
    assert "\nEntry [1,2] of the gradient by args[0]\n  fused_norm  nan\n" in said


def test_the_place_where_it_begins_is_told_if_both_name_it(tmp_path):
    def formula(x, gain):
        return jnp.tanh(cut(jnp.sin(cut(x * gain, "scaled")), "wave"))

    def kernel(x, gain):
        return jnp.tanh(cut(jnp.sin(cut(x * gain, "scaled")) * 1.001, "wave"))

    said = message_of(kernel, reference=formula, save=tmp_path)
    assert said.startswith("disagree: the value at wave of kernel is further")
    assert " of the value at wave, made of scaled\n" in said


def by_numpy(x, gain, dy, *, factor=1.0):
    centred = x - x.mean(-1, keepdims=True)
    scale = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + x.dtype.type(1e-5))
    normed, d = centred * scale, dy * gain
    d = d - d.mean(-1, keepdims=True) - normed * (d * normed).mean(-1, keepdims=True)
    return normed * gain, (d * scale * x.dtype.type(factor), (dy * normed).sum(0, keepdims=True))


def test_a_kernel_of_numpy_returns_its_gradients(tmp_path):
    check(Candidate(by_numpy, arrays="numpy"), layer_norm, *ARGS)
    wrong = Candidate(lambda *args: by_numpy(*args, factor=1.001), arrays="numpy")
    said = message_of(wrong, save=tmp_path)
    assert "the gradient by args[0] of kernel is" in said.replace("\n", " ")


def test_a_failure_can_be_computed_again_from_the_same_bits(tmp_path):
    wrong = kernel_of(dx=lambda dx: 2 * dx)
    options = {"dtype": "bfloat16", "inside": "float32", "save": tmp_path}
    said = message_of(wrong, seed=7, **options)
    heading, *lines = said.splitlines()[-3:]
    assert heading == "To run it again, with dtype='bfloat16' and inside='float32':"
    names = {}
    exec("\n".join(lines), names)
    assert message_of(wrong, *names["args"], cotangents=names["cotangents"], **options) == said


def test_what_nothing_can_be_said_of_fails(tmp_path):
    def softmax(z):
        e = jnp.exp(z)
        return e / e.sum()

    said = message_of(softmax, np.float32([1, 100, 3]), reference=softmax, save=tmp_path)
    assert said.startswith("undecided: ")
    assert "Bounds say more of smaller arguments." in said


@pytest.mark.parametrize("value", [7.0, np.nan])
def test_what_float64_alone_has_tested_fails(value, tmp_path):
    def norm(x):
        return jnp.sqrt(x * x + 1)  # which overflows in float32

    def kernel(x):
        return jnp.where(x.dtype == np.float32, value, norm(x)).astype(x.dtype)

    said = message_of(kernel, np.float32([1e25, 3e25]), reference=norm, save=tmp_path)
    told = "in float64 it computes the same, but in float32 rounding may be as large as the output"
    assert said.replace("\n", " ").startswith(f"undecided: kernel: {told}")


def test_what_is_zero_but_for_rounding_is_tested():
    def total_and_centred(x, b):
        shifted = x + b
        return x.sum(), shifted - shifted.mean()  # a total of which the worst case says nothing

    x = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    args = x - x.mean() + np.float32(1e-4), np.ones(1, np.float32)
    report = check(total_and_centred, total_and_centred, *args)
    assert report.candidates[0].basis == "float64"


def test_a_bound_that_says_nothing_in_low_precision_leads_to_inside(tmp_path):
    y, grads = by_numpy(*ARGS, ARGS[0])
    args = [one.astype(jnp.bfloat16) for one in ARGS]
    stored = tuple(one.astype(jnp.bfloat16) for one in (y, *grads))
    said = message_of((stored[0], stored[1:]), *args, cotangents=args[0], save=tmp_path)
    assert said.startswith("undecided: ")
    assert "say inside='float32'" in said.replace("\n", " ")


def fused_in_float32(kernel):
    def fused(x, gain):
        return kernel(x.astype(jnp.float32), gain.astype(jnp.float32)).astype(x.dtype)

    return fused


def test_a_kernel_of_low_precision_rounds_once(tmp_path):
    args = [one.astype(jnp.bfloat16) for one in ARGS]
    check(fused_in_float32(RIGHT), layer_norm, *args, inside="float32", baseline=None)
    wrong = fused_in_float32(kernel_of(eps=1e-3))
    said = message_of(wrong, *args, inside="float32", save=tmp_path)
    assert said.startswith("disagree: the output of fused is")
    told = " ".join(said.split())
    assert "of rounding in float32, and once to bfloat16, there" in told
    assert "(layer_norm): " in told


def test_a_message_without_room_for_lines_of_source_has_no_heading_of_them():
    why = explain(layer_norm, *ARGS)
    assert format_sources(why, most_lines=25).startswith("Most of what rounding may do")
    assert format_sources(why, most_lines=2) == ""


def test_wrong_usage_is_no_assertion(tmp_path):
    with pytest.raises(UsageError, match="expected a function") as caught:
        check(3, layer_norm, *ARGS, save=tmp_path)
    shown = [entry.name for entry in caught.traceback if not entry.ishidden(caught)]
    assert shown == ["test_wrong_usage_is_no_assertion"]


def test_there_is_no_tolerance():
    said = r"assert_within_rounding\(\) got an unexpected .* 'atol'; there is no tolerance to give"
    with pytest.raises(TypeError, match=said):
        check(RIGHT, layer_norm, *ARGS, atol=1e-5)


def test_the_fixture_saves_in_tmp_path(assert_within_rounding, tmp_path):
    assert_within_rounding(RIGHT, layer_norm, *ARGS)
    with pytest.raises(AssertionError, match=r"^disagree: the gradient by args\[0\] of"):
        assert_within_rounding(kernel_of(dx=lambda dx: 2 * dx), layer_norm, *ARGS)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
