"""torch's own settings: set while it computes, set back afterwards, in old words or in new ones."""

import types

import pytest
import torch

from compare.implementations.base import Settings
from compare.implementations.environment import describe_environment
from compare.implementations.torch_settings import torch_settings

pytestmark = pytest.mark.filterwarnings("ignore:Please use the new API settings:UserWarning")
MATMUL = torch.backends.cuda.matmul
new_words = pytest.mark.skipif(
    not hasattr(MATMUL, "fp32_precision"), reason="torch before 2.9 has the old words alone"
)


@pytest.fixture
def as_before():
    """Lets a test set what it likes."""
    yield
    torch.set_float32_matmul_precision("highest")
    torch.use_deterministic_algorithms(False)
    MATMUL.allow_fp16_reduced_precision_reduction = True
    MATMUL.allow_bf16_reduced_precision_reduction = True


def formats():
    return MATMUL.fp32_precision, torch.backends.mkldnn.matmul.fp32_precision


@new_words
@pytest.mark.parametrize(("asked", "format"), [("highest", "ieee"), ("high", "tf32")])
@pytest.mark.parametrize("before", ["ieee", "tf32", "none"])
def test_what_was_said_in_new_words_is_said_again(as_before, before, asked, format):
    MATMUL.fp32_precision = before
    with torch_settings(Settings(asked)):
        assert formats() == (format, format)
    assert MATMUL.fp32_precision == before


@pytest.mark.parametrize("before", ["highest", "high", "medium"])
def test_what_was_said_in_old_words_is_said_again(as_before, before):
    torch.set_float32_matmul_precision(before)
    for asked in ("highest", "high", "default"):
        with torch_settings(Settings(asked)):
            pass
        assert torch.get_float32_matmul_precision() == before


def test_a_torch_that_has_the_old_words_alone(as_before, monkeypatch):
    old = types.SimpleNamespace(
        allow_fp16_reduced_precision_reduction=True, allow_bf16_reduced_precision_reduction=True
    )
    monkeypatch.setattr(torch.backends.cuda, "matmul", old)
    torch.set_float32_matmul_precision("high")
    with torch_settings(Settings("highest")):
        assert torch.get_float32_matmul_precision() == "highest"
        assert not old.allow_bf16_reduced_precision_reduction
    assert torch.get_float32_matmul_precision() == "high"
    assert old.allow_bf16_reduced_precision_reduction


@new_words
@pytest.mark.parametrize(
    ("cuda", "cpu", "said"),
    [
        ("none", "none", "highest"),
        ("ieee", "ieee", "highest"),
        ("tf32", "ieee", "high"),
        ("tf32", "bf16", "medium"),
    ],
)
def test_the_default_is_reported_whatever_words_it_was_said_in(as_before, cuda, cpu, said):
    MATMUL.fp32_precision = cuda
    torch.backends.mkldnn.matmul.fp32_precision = cpu
    precision = describe_environment(matmul_precision="default")["precision"]
    assert precision["torch_matmul"] == said


@pytest.mark.parametrize("name", ["fp16", "bf16"])
def test_sums_are_whole_if_all_bits_are_asked_for(as_before, name):
    allowed = f"allow_{name}_reduced_precision_reduction"
    with torch_settings(Settings("default")):
        assert getattr(MATMUL, allowed)
    with torch_settings(Settings("highest")):
        assert not getattr(MATMUL, allowed)
    assert getattr(MATMUL, allowed)


@pytest.mark.skipif(
    not hasattr(MATMUL, "allow_fp16_reduced_precision_reduction_split_k"),
    reason="an older torch has no word for split sums",
)
def test_how_sums_may_be_split_is_set_back(as_before):
    MATMUL.allow_fp16_reduced_precision_reduction = (False, False)
    with torch_settings(Settings("highest")):
        pass
    assert not MATMUL.allow_fp16_reduced_precision_reduction_split_k


def test_warnings_in_place_of_errors_are_asked_for_again(as_before):
    torch.use_deterministic_algorithms(True, warn_only=True)
    with torch_settings(Settings(deterministic=True)):
        assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled()
