"""The pipelines of deploy/examples as they stand, against platforms that keep their makers' public rules. Beside this, test_cli.py holds each of
them against the schema, and test_rabbitmq_api.py pulls with one of them from a real broker."""

import contextlib

import pytest

import platforms
from harness.ending import assert_ended
from harness.pagehaul import CREDENTIAL, DATA, OK


@pytest.fixture(params=platforms.ALL, ids=lambda platform: platform.example)
def platform(request):
    with contextlib.closing(request.param()) as running:
        yield running


@pytest.fixture
def pull(platform, pagehaul_for, db):
    """pull("--set", …) runs the example."""
    runner = pagehaul_for(None, db)
    runner.env.update(platform.environment)

    def run(*more, env=None):
        example = platforms.platform.EXAMPLES / f"{platform.example}.yaml"
        return runner.run_raw("run", "-c", example, *platform.arguments(), *more, env=env)
    return run


def test_each_example_but_the_brokers_is_pulled_here():
    examples = {path.stem for path in platforms.platform.EXAMPLES.glob("*.yaml")}
    assert examples - {platform.example for platform in platforms.ALL} == {"rabbitmq_queues", platforms.GitHubComments.example}


def table(platform, db):
    sink = platform.config["sink"]
    columns = ", ".join(f'"{column["name"]}"' for column in sink["columns"] if column["name"] != "loaded_at")
    schema, name = sink["table"].split(".")
    return db.query(f'SELECT {columns} FROM {schema}."{name}"')


def test_an_example_breaks_no_rule_and_stores_every_record(platform, pull, db):
    slices = len(platform.slices())
    assert_ended(pull(), db, proof=platform.proof, rows=platform.rows * slices)
    assert platform.broken == []
    assert platform.turned_away >= 1, "and goes on where it is told to wait"
    assert sorted(table(platform, db), key=repr) == platform.expected()


def test_more_rows_a_page_than_are_allowed_are_refused_or_cut(platform, pull, db):
    if platform.beyond_most is None:
        pytest.skip("the number of rows is none of its parameters")
    result = pull("--set", f"source.pagination.size={platform.most + 1}")
    assert result.code == (DATA if platform.beyond_most == "refused" else OK), str(result)
    assert (platform.broken != []) == (platform.beyond_most == "refused")


def test_a_wrong_secret_is_77(platform, pull, db):
    result = pull(env={platform.wrong: "wrong-hunter2"})
    assert result.code == CREDENTIAL, str(result)
    assert platform.broken and "hunter2" not in result.stdout + result.stderr


def test_the_comments_of_issues_are_pulled_as_children_of_their_records(pagehaul_for, db):
    with contextlib.closing(platforms.GitHubComments()) as github:
        runner = pagehaul_for(None, db)
        runner.env.update(github.environment)
        result = runner.run_raw("run", "-c", platforms.platform.EXAMPLES / "github_comments.yaml", *github.arguments())
        comments = github.comments()
        assert_ended(result, db, proof="chain", slices_proven=2 + 2 * github.rows, rows=2 * github.rows + len(comments))
        assert github.broken == [] and github.turned_away == 1
        assert db.query("SELECT count(*), count(DISTINCT repository) FROM github.issues") == [(2 * github.rows, 2)]
        assert db.query("SELECT * FROM github.comments ORDER BY id") == comments
