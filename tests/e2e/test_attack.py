"""test_attack - mail under attack: see attack.py"""

import re

import pytest

from attack import CACHES, MODES, World, matrix, short
from conftest import require_root
from faults import FULL

QUICK = 9.0      # seconds that a cached answer may add to a delivery
DEADLINE = 30.0  # the discovery deadline of 10 s, and what an MTA needs for all

# Why Exim refuses: not for want of an answer.
REFUSALS = (r"a TLS session is required|certificate verification failed|"
            r"DANE|no MX host of \S+ is in its policy|"
            # what was changed in a signed zone does not validate
            r"host lookup did not complete|lookup of \S+ mx=\S+ gave DEFER")

EXIM = matrix("exim") if FULL else short("exim")
CELLS = matrix("postfix") + EXIM


@pytest.fixture(scope="module", name="fought")
def fixture_fought(tmp_path_factory):
    """The world after the attack: two messages to every domain."""
    require_root()
    folder = tmp_path_factory.mktemp("attack")
    folder.chmod(0o755)
    with World(CELLS, folder) as world:
        world.warm()
        world.attack()
        world.first = world.send(CELLS, "first")
        world.second = world.send(CELLS, "second")
        yield world


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.domain)
def test_cell(fought, cell):
    seen = fought.first[cell.domain], fought.second[cell.domain]
    assert fought.outcome(cell) == cell.expected(), seen
    statuses = {status for status, _, _ in seen}
    assert statuses == ({"deferred"} if cell.expected() == "refused"
                        else {"sent"}), seen
    if cell.mta == "exim" and cell.expected() == "refused":
        for _, _, text in seen:
            assert re.search(REFUSALS, text), seen


@pytest.mark.parametrize(
    "cell", [cell for cell in CELLS if cell.calm],
    ids=lambda cell: cell.domain)
def test_healthy_mail_is_not_delayed(fought, cell):
    _, first, _ = fought.first[cell.domain]
    _, second, _ = fought.second[cell.domain]
    assert first < (QUICK if cell.cache == "warm" else DEADLINE)
    assert second < QUICK


def test_the_matrix_is_whole():
    whole = 3 * 7 * 3 * 2 + 4 * 2 + 2
    assert len(EXIM) == (whole if FULL else 24)
    assert len(CELLS) == whole + len(EXIM)
    for cells in (EXIM, CELLS):
        assert {cell.mode for cell in cells} == set(MODES)
        assert {cell.cache for cell in cells} == set(CACHES)
        assert {cell.attack for cell in cells} >= {
            cell.attack for cell in CELLS}
