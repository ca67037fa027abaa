"""What is wrong with weights is told: certain things as findings, and others as remarks."""

import ml_dtypes
import numpy as np
import pytest

from compare.pairing.pairs import pair
from tests.pairing.networks import drawn, flax_weights, is_made, sources_of, torch_weights

THEIRS = torch_weights()
OWN = flax_weights(THEIRS)


def of(name, change=lambda array: array):
    return change(THEIRS[name])


def with_row(array, row):
    return np.where(np.arange(len(array))[:, None] == row, np.float32(0.5), array)


# what stands there instead -> kind, what is said, name of the reference that belongs there
FINDINGS = {
    "a variance of 1": (
        {"BatchNorm_0.var": np.ones(8, np.float32)},
        "not loaded",
        "`BatchNorm_0.var` is 1 everywhere, and `bn1.running_var` is not: it was not loaded",
        "bn1.running_var",
    ),
    "a bias of 0": (
        {"Dense_1.bias": np.zeros(16, np.float32)},
        "not loaded",
        "`Dense_1.bias` is 0 everywhere, and `fc2.bias` is not: it was not loaded",
        "fc2.bias",
    ),
    "random numbers": (
        {"Dense_1.kernel": drawn(16, 16, seed=99)},
        "not loaded",
        "no entry of `Dense_1.kernel` is in the reference, and `fc2.weight` was not loaded",
        "fc2.weight",
    ),
    "the mean for the variance": (
        {"BatchNorm_0.var": of("bn1.running_mean"), "BatchNorm_0.mean": of("bn1.running_var")},
        "loaded from another",
        "`bn1.running_var` of the reference was loaded into `BatchNorm_0.mean`, where its "
        "`bn1.running_mean` belongs",
        "bn1.running_mean",
    ),
    "the statistics of another norm": (
        {"BatchNorm_0.var": of("bn2.running_var")},
        "loaded twice",
        "`bn2.running_var` of the reference was loaded into both `BatchNorm_1.var` and "
        "`BatchNorm_0.var`, and its `bn1.running_var`, which is of the same shape, nowhere",
        "bn1.running_var",
    ),
    "the first layer twice": (
        {"Dense_1.kernel": of("fc1.weight").T},
        "loaded twice",
        "`fc1.weight` of the reference was loaded into both `Dense_0.kernel` and "
        "`Dense_1.kernel`, and its `fc2.weight`, which is of the same shape, nowhere",
        "fc2.weight",
    ),
    "the second layer twice": (
        {"Dense_0.kernel": of("fc2.weight").T},
        "loaded twice",
        "`fc2.weight` of the reference was loaded into both `Dense_1.kernel` and "
        "`Dense_0.kernel`, and its `fc1.weight`, which is of the same shape, nowhere",
        "fc1.weight",
    ),
    "two kernels swapped": (
        {"Dense_0.kernel": of("fc2.weight").T, "Dense_1.kernel": of("fc1.weight").T},
        "loaded from another",
        "`Dense_0.kernel` is `fc2.weight`, and `Dense_0.bias` beside it is `fc1.bias`: one of them "
        "was loaded from another module; by their order `fc1.weight` belongs in "
        "`Dense_0.kernel`",
        "fc1.weight",
    ),
    "two biases swapped": (
        {"Dense_0.bias": of("fc2.bias"), "Dense_1.bias": of("fc1.bias")},
        "loaded from another",
        "`Dense_0.kernel` is `fc1.weight`, and `Dense_0.bias` beside it is `fc2.bias`: one of them "
        "was loaded from another module; by their order `fc1.bias` belongs in `Dense_0.bias`",
        "fc1.bias",
    ),
    "reshaped for transposed": (
        {"Dense_2.kernel": of("fc3.weight").reshape(16, 5)},
        "reshaped",
        "`fc3.weight`, [5, 16], was reshaped for `Dense_2.kernel`, [16, 5], where a change of the "
        "order of its axes is meant, as in the others",
        "fc3.weight",
    ),
    "the standard deviation": (
        {"BatchNorm_0.var": np.sqrt(of("bn1.running_var"))},
        "function",
        "`BatchNorm_0.var` is the square root of `bn1.running_var`",
        "bn1.running_var",
    ),
    "its inverse": (
        {"BatchNorm_0.var": 1 / np.sqrt(of("bn1.running_var"))},
        "function",
        "`BatchNorm_0.var` is 1 over the square root of `bn1.running_var`",
        "bn1.running_var",
    ),
    "a constant added": (
        {"Dense_0.bias": of("fc1.bias") + np.float32(0.25)},
        "shift",
        "`Dense_0.bias` is `fc1.bias` plus 0.25",
        "fc1.bias",
    ),
    "a row of another": (
        {"Dense_0.kernel": with_row(OWN["Dense_0.kernel"], 3)},
        "entries differ",
        "16 of 256 entries of `Dense_0.kernel` are not those of `fc1.weight`, as at [3, ",
        "fc1.weight",
    ),
    "bfloat16": (
        {"Dense_0.kernel": OWN["Dense_0.kernel"].astype(ml_dtypes.bfloat16)},
        "rounded",
        "`Dense_0.kernel` is `fc1.weight` rounded to bfloat16",
        "fc1.weight",
    ),
    "rounded on the way": (
        {"Dense_0.kernel": OWN["Dense_0.kernel"].astype(np.float16).astype(np.float32)},
        "rounded",
        "`Dense_0.kernel` is `fc1.weight` rounded to float16",
        "fc1.weight",
    ),
}

# what a program may want -> kind and what is said; the weight is made as it stands
REMARKS = {
    "a square kernel as it is": (
        {"Dense_1.kernel": of("fc2.weight")},
        "laid out unlike others",
        "`fc2.weight` is in `Dense_1.kernel` as it is, while the other 2 `kernel` are transposed",
    ),
    "inputs and outputs of a convolution swapped": (
        {"Conv_1.kernel": of("conv2.weight").transpose(2, 3, 0, 1)},
        "laid out unlike others",
        "`conv2.weight` is in `Conv_1.kernel` with axes 2, 3, 0, 1, while the other one is "
        "with axes 2, 3, 1, 0",
    ),
    "height and width swapped": (
        {"Conv_1.kernel": of("conv2.weight").transpose(3, 2, 1, 0)},
        "laid out unlike others",
        "`conv2.weight` is in `Conv_1.kernel` with axes 3, 2, 1, 0, while the other one is "
        "with axes 2, 3, 1, 0",
    ),
    "a convolution reversed": (
        {"Conv_1.kernel": OWN["Conv_1.kernel"][::-1, ::-1]},
        "laid out unlike others",
        "`conv2.weight` is in `Conv_1.kernel` with axis 2 reversed, axis 3 reversed, axes 2, "
        "3, 1, 0, while the other one is with axes 2, 3, 1, 0",
    ),
    "two layers swapped": (
        {
            f"Dense_{k}.{leaf}": OWN[f"Dense_{1 - k}.{leaf}"]
            for k in (0, 1)
            for leaf in ("kernel", "bias")
        },
        "another order",
        "`Dense_0` holds `fc2`: modules of its name hold those of the reference in another order "
        "than that of their numbers",
    ),
    "a factor": (
        {"Embed_0.embedding": 4 * of("embed.weight")},
        "factor",
        "`Embed_0.embedding` is `embed.weight` times 4",
    ),
    "another sign": (
        {"Dense_0.bias": -of("fc1.bias")},
        "factor",
        "`Dense_0.bias` is `fc1.bias` with the opposite sign",
    ),
    "a scale that 1 is added to": (
        {"BatchNorm_0.scale": of("bn1.weight") - 1},
        "shift",
        "`BatchNorm_0.scale` is `bn1.weight` less 1",
    ),
    "a part": (
        {"Embed_0.embedding": of("embed.weight")[:7]},
        "partly unused",
        "32 of 144 entries of `embed.weight` are used nowhere, others in `Embed_0.embedding`",
    ),
}


@pytest.mark.parametrize("case", FINDINGS)
def test_what_is_certainly_wrong(case):
    changed, kind, sentence, belongs = FINDINGS[case]
    found = pair(THEIRS, OWN | changed)
    first = found.findings[0]
    assert (first.kind, first.sentence[: len(sentence)]) == (kind, sentence)
    assert len(found.findings) == (1 if kind != "loaded from another" else len(changed))
    assert belongs in first.theirs
    assert first.worst > 0
    assert (found.remarks, found.kept, found.unused) == ((), (), ())
    assert is_made(found, THEIRS, OWN)  # of what should stand there


@pytest.mark.parametrize("case", REMARKS)
def test_what_a_program_may_want(case):
    changed, kind, sentence = REMARKS[case]
    own = OWN | changed
    found = pair(THEIRS, own)
    assert [(one.kind, one.sentence) for one in found.remarks] == [(kind, sentence)]
    assert (found.findings, found.kept, found.unused) == ((), (), ())
    for name, one in found.arrangements.items():
        np.testing.assert_allclose(one.of(THEIRS), own[name], rtol=1e-6, atol=1e-6)


def test_many_rounded_weights_are_one_finding():
    rounded = {name: array.astype(ml_dtypes.bfloat16) for name, array in OWN.items()}
    (one,) = pair(THEIRS, rounded).findings
    assert one.sentence == (
        "`BatchNorm_0.scale`, `BatchNorm_0.bias`, `BatchNorm_1.scale` and 16 more are those of the "
        "reference rounded to bfloat16"
    )


def test_a_model_of_which_nothing_was_loaded_is_run_on_the_weights_in_their_order():
    other = {name: drawn(*array.shape, seed=7) for name, array in OWN.items()}
    found = pair(THEIRS, other)
    assert sources_of(found) == sources_of(pair(THEIRS, OWN))
    assert {one.kind for one in found.findings} == {"not loaded"}
    assert len(found.findings) == len(OWN)
    assert "`fc1.weight` or `fc2.weight` was not loaded" in " ".join(
        one.sentence for one in found.findings if one.own == "Dense_0.kernel"
    )


def test_what_a_program_has_beside_is_no_mistake():
    theirs = THEIRS | {"aux.bias": drawn(16, seed=5)}
    extra = {"LayerNorm_0.scale": np.ones(16, np.float32), "LayerNorm_0.bias": np.zeros(16)}
    found = pair(theirs, OWN | extra)
    assert found.findings == ()
    assert found.kept == tuple(extra)
    assert found.unused == ("aux.bias",)


def test_a_shared_weight_beside_a_bias_of_another_module_is_no_mistake():
    weight = drawn(8, 8)
    theirs = {"enc.weight": weight, "enc.bias": drawn(8, seed=1), "dec.bias": drawn(8, seed=2)}
    own = {"enc.kernel": weight.T, "enc.bias": theirs["enc.bias"]}
    own |= {"dec.kernel": weight, "dec.bias": theirs["dec.bias"]}
    found = pair(theirs, own)
    assert found.findings == ()
    assert is_made(found, theirs, own)


def test_a_program_may_keep_another_quantity_than_the_reference():
    own = {name: array for name, array in OWN.items() if name != "BatchNorm_0.var"}
    own["BatchNorm_0.inverse"] = 1 / np.sqrt(of("bn1.running_var") + np.float32(1e-5))
    found = pair(THEIRS, own)
    assert found.findings == ()
    assert found.kept == ("BatchNorm_0.inverse",)
    assert found.unused == ("bn1.running_var",)


@pytest.mark.parametrize("has_zeros", [False, True])
def test_queries_of_one_weight_with_keys_and_values_may_have_the_scale_in_them(has_zeros):
    packed = drawn(24, 8), drawn(24) * np.float32(not has_zeros)
    own = {}
    for k, part in enumerate(("query", "key", "value")):
        scale = np.float32(0.5 if part == "query" else 1)
        weight, bias = (one[8 * k : 8 * k + 8] * scale for one in packed)
        own |= {f"{part}.kernel": weight.T.reshape(8, 2, 4), f"{part}.bias": bias.reshape(2, 4)}
    found = pair({"in_proj_weight": packed[0], "in_proj_bias": packed[1]}, own)
    assert found.findings == found.unused == found.kept == ()
    assert {one.kind for one in found.remarks} == {"factor"}
    layout = "rows 0 to 7, transposed, reshaped to [8, 2, 4], times 0.5"
    assert found.layouts["query.kernel"] == layout
    assert found.layouts["query.bias"] == "entries 0 to 7, reshaped to [2, 4], times 0.5"


def test_a_norm_that_is_folded_into_a_kernel_is_computed_and_not_wrong():
    factors = drawn(8, seed=3)[:, None, None, None]
    folded = (THEIRS["conv1.weight"] * factors).transpose(2, 3, 1, 0)
    theirs = {name: one for name, one in THEIRS.items() if "1" in name and "fc" not in name}
    found = pair(theirs, {"c.kernel": folded, "c.bias": drawn(8, seed=9)})
    first = found.findings[0]
    assert (first.own, first.kind) == ("c.kernel", "computed")
    assert "`conv1.weight` with a factor for each index of axis 3, as where" in first.sentence


def test_a_factor_that_is_nearly_1_is_not_called_1():
    own = {"Dense_0.kernel": (THEIRS["fc1.weight"] * np.float32(1 + 2.0**-20)).T}
    (remark,) = pair({"fc1.weight": THEIRS["fc1.weight"]}, own).remarks
    assert "times 1.000001" in remark.sentence
