"""What the one table of options promises of every row."""

from collections import Counter

import pytest

from compare.errors import UsageError
from compare.options.command_line import SECTIONS, config_from_argv
from compare.options.config import OPTIONS, Config

CHECKED = [name for name, o in OPTIONS.items() if o.kind in ("flag", "choice", "integer")]


def test_help_has_every_option_once():
    shown = Counter(name for names in SECTIONS.values() for name in names)
    assert shown == Counter([*OPTIONS, "help"])


def test_without_flags_everything_is_by_default():
    assert config_from_argv(["compare.run"]) == Config()


@pytest.mark.parametrize("name", [name for name in CHECKED if OPTIONS[name].check])
def test_another_value_is_refused_by_name(name):
    with pytest.raises(UsageError, match=f"^{name}: expected .*, got '?3.5'?$"):
        Config(**{name: 3.5})


@pytest.mark.parametrize("name", CHECKED)
def test_none_is_refused_unless_it_is_the_default_or_a_file_brings_the_option(name):
    if OPTIONS[name].default is None or OPTIONS[name].brought_by:
        assert getattr(Config(**{name: None}), name) is None
    else:
        with pytest.raises(UsageError, match=f"^{name}: expected .*, got None$"):
            Config(**{name: None})


@pytest.mark.parametrize("name", [name for name, o in OPTIONS.items() if o.brought_by])
def test_a_default_does_not_hold_against_files(name):
    files = [f"--{file}={file}.npz" for file in OPTIONS[name].brought_by]
    assert getattr(config_from_argv(["compare.run", *files]), name) is None
    assert getattr(config_from_argv(["compare.run", *files[1:]]), name) == OPTIONS[name].default
