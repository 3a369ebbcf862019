from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.worlds import World, openerp5_world, sandbox_world


@pytest.fixture(scope="module", params=[sandbox_world, pytest.param(openerp5_world, marks=pytest.mark.real)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each of the two servers in turn: a clean database for each file of tests."""
    with request.param() as world:
        yield world
