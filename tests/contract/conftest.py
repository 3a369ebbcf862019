from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mailgate.sandbox import Sink
from tests.contract.books import Books, CrmBooks
from tests.contract.house import House
from tests.contract.odoo_books import MODELS, RELEASES, odoo_books
from tests.contract.worlds import World, openerp5_world, sandbox_world
from tests.real import odoo

CRM = {"sandbox": sandbox_world, "openerp5": openerp5_world}
ODOO = {f"odoo{release}-{model}": (release, model) for release in RELEASES for model in MODELS}


def _params(*names: str) -> list[object]:
    """Mark what needs a real server."""
    return [pytest.param(name, marks=() if name == "sandbox" else pytest.mark.real, id=name) for name in names]


@pytest.fixture(scope="module", params=[sandbox_world, pytest.param(openerp5_world, marks=pytest.mark.real)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each of the two servers of crm.case in turn: a clean database for each file of tests."""
    with request.param() as world:
        yield world


@pytest.fixture(scope="session", autouse=True)
def copies() -> Iterator[None]:
    """Leave no copies of Odoo's databases behind."""
    yield
    odoo.tidy()


@pytest.fixture(scope="module")
def crm_world() -> Iterator[Callable[[str], World]]:
    """The worlds of crm.case by name: a clean database for each file of tests."""
    with ExitStack() as stack:
        made: dict[str, World] = {}

        def get(name: str) -> World:
            if name not in made:
                made[name] = stack.enter_context(CRM[name]())
            return made[name]

        yield get


@pytest.fixture(params=_params(*CRM, *ODOO))
def books(request: pytest.FixtureRequest, crm_world: Callable[[str], World]) -> Iterator[Books]:
    """Each model of each server in turn; on Odoo a clean database for each test."""
    if request.param in CRM:
        yield CrmBooks(crm_world(request.param))
        return
    with odoo_books(*ODOO[request.param]) as books:
        yield books


@pytest.fixture(params=_params(*CRM))
def crm(request: pytest.FixtureRequest, crm_world: Callable[[str], World]) -> CrmBooks:
    """The two servers of crm.case, for what is special there."""
    return CrmBooks(crm_world(request.param))


@pytest.fixture
def make_house(books: Books, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Open a house with these options of the mailbox; afterwards the ERP must have mailed nobody by itself."""
    with Sink() as sink, books.mails() as erp_sink:
        made: list[House] = []

        def make(**mailbox: object) -> House:
            made.append(House(books, tmp_path, sink, erp_sink, **mailbox))
            return made[-1]

        yield make
        if not any(house.erp_may_mail for house in made):
            said = [f"to {', '.join(one.recipients)}: {one.message['Subject']}" for one in erp_sink.mails]
            assert said == []


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    """A house as it is by default."""
    return make_house()
