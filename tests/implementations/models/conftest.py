import pytest

from compare.selftest.everyday.evaluation import jax_as_it_comes


@pytest.fixture(autouse=True, scope="package")
def as_it_comes():
    """The frameworks do not keep to the strictness of this suite."""
    with jax_as_it_comes():
        yield
