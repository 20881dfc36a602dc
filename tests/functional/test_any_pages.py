"""Whatever the API pages by, however many rows it has and whatever goes wrong on the way: the table is the API's. PAGEHAUL_SEED=n draws that
one alone, PAGEHAUL_SEEDS=200 so many. With processes that are killed: tests/chaos."""

import os
import random

import pytest

from harness import kinds
from harness.ending import assert_ended
from harness.oracle import assert_table_equals_oracle
from harness.pipeline import sliced

DRAWN = [int(os.environ["PAGEHAUL_SEED"])] if "PAGEHAUL_SEED" in os.environ else range(1, int(os.environ.get("PAGEHAUL_SEEDS", "16")) + 1)
SIZES = (1, 2, 7, 20, 50, 99, 100)
FAULTS = ("500", "503", "429", "reset", "short", "truncated", "badjson", "code")
SLICES = [{"advertiser_id": a, "date": d} for a in ("1001", "1002") for d in ("2026-11-01", "2026-11-02")]


def report(chance):
    """Flags of the mock API, and the rows of a page."""
    size = chance.choice(SIZES)
    edges = (0, 1, size - 1, size, size + 1, 2 * size, 3 * size - 1)
    drawn = {"rows": chance.choice(edges) if chance.random() < 0.6 else chance.randint(0, 30 * size), "seed": chance.randint(1, 1 << 30)}
    if chance.random() < 0.4:
        drawn["total"] = "none"
    if chance.random() < 0.7:
        drawn |= {"fault_rate": round(chance.uniform(0.05, 0.4), 2), "fault_tries": chance.randint(1, 3), "retry_after": "none",
                  "faults": chance.sample(FAULTS, chance.randint(1, 4))}
    return drawn, size


@pytest.mark.parametrize("seed", DRAWN)
def test_the_table_is_the_apis(mock_api, pagehaul_for, db, seed):
    chance = random.Random(f"any pages {seed}")
    drawn, size = report(chance)
    kind = kinds.draw(chance, drawn, size)
    by_slices = chance.random() < 0.5
    flags = drawn | kind.api
    print(f"seed {seed}: pages of {size} by {kind}, API {flags}, {'4 slices' if by_slices else 'one slice'}")
    api = mock_api(**flags)
    runner = pagehaul_for(api, db).configure(source={"pagination": {"size": size}, "retry": {"attempts": 12, "max": "50ms"}})
    runner.configure(source=kind.source)
    if by_slices:
        runner.configure(kind.sliced(sliced()))
    slices = SLICES if by_slices else [{}]
    assert_ended(runner.run(), db, proof=kind.proof, rows=drawn["rows"] * len(slices))
    assert_table_equals_oracle(db, api, slices=slices)
