"""The checker catches each core that is broken on purpose, within 50 seeds: else it would say "survived" whatever happens.

Not collected by the functional tests: `make chaos-checker`."""

import pathlib
import tempfile

import pytest

import run as chaos
from harness.postgres import Postgres

SEEDS = range(1, 51)


@pytest.fixture(scope="module")
def cluster():
    postgres = Postgres()
    yield postgres
    postgres.close()


@pytest.mark.parametrize("rule", ["ledger_apart", "no_fence", "no_epoch", "blind_proof"])
def test_a_core_without_this_rule_is_caught(cluster, rule):
    for seed in SEEDS:
        with tempfile.TemporaryDirectory(prefix=f"pagehaul-{rule}-") as directory:
            wrong, _ = chaos.survive(seed, cluster, chaos.Binaries(), pathlib.Path(directory), sabotage=rule)
        if wrong:
            print(f"{rule}: caught by seed {seed}: {wrong.splitlines()[0]}")
            return
    pytest.fail(f"{rule}: {len(SEEDS)} seeds, and nothing was found wrong")
