"""Pages that tell of the next one: cursor. Whatever happens the table is the API's, and a run goes on at the head."""

import signal

import pytest

from harness.ending import assert_ended, lines
from harness.oracle import assert_table_equals_oracle
from harness.pipeline import sliced
from harness.recovery import RESUME, done_pages, wait_backends_gone

ROWS, PAGES = 950, 10

CURSOR = {"type": "cursor", "token": "/data/next", "size": 100, "first": None, "total": None}
BODY = {"page_num": None, "page_size": "{{ page.size }}", "cursor": "{{ page.token }}"}


def chained(pagination=None, body=None, **source):
    return {"source": {"request": {"body": body or BODY}, "pagination": CURSOR | (pagination or {}), **source}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS, chain=True, total="none")


@pytest.fixture
def runner(pagehaul_for, api, db):
    return pagehaul_for(api, db).configure(chained())


def pages_of(db):
    """Of the current passes, in order."""
    return db.query("SELECT p.no, p.state FROM pagehaul.page p JOIN pagehaul.slice s ON s.id = p.slice_id AND s.pass = p.pass "
                    "WHERE p.no > 0 ORDER BY s.id, p.no")


@pytest.mark.parametrize("end", ["null", "absent", "empty"])
def test_a_chain_is_followed_to_its_end_and_the_verdict_says_chain(api, runner, db, end):
    api.set(chain_end=end)
    assert_ended(runner.run(), db, proof="chain", reason="the API said that it ends", rows=ROWS, stored=ROWS, pages_done=PAGES)
    assert_table_equals_oracle(db, api)
    assert api.pages_asked() == list(range(1, PAGES + 1)), "one after another, once each, and none for the proof"
    assert "cursor" not in api.log()[0]["body"], "page 1 is asked without a token"


@pytest.mark.parametrize("token", [{"header": "X-Next"}, {"last": "/creativity_id"}], ids=["header", "last record"])
def test_the_token_may_stand_in_a_header_or_in_the_last_record(api, runner, db, token):
    assert_ended(runner.configure(chained({"token": token})).run(), db, proof="chain", rows=ROWS)
    assert_table_equals_oracle(db, api)


LINKS = {"request": {"method": "GET", "path": "/rows", "body": None, "query": {"limit": "100", "date": "2026-11-01"}}}


def by_links(**pagination):
    return {"source": {**LINKS, "pagination": {"first": None, "size": None, "total": None, "token": None, **pagination}}}


@pytest.mark.parametrize("form", ["absolute", "path", "query"])
@pytest.mark.parametrize("end", ["null", "absent", "empty"])
def test_a_link_in_the_body_leads_to_the_next_page(api, runner, db, form, end):
    api.set(link_form=form, chain_end=end)
    assert_ended(runner.configure(by_links(type="next_link", link="/data/next_url")).run(), db, proof="chain", rows=ROWS)
    assert api.pages_asked() == list(range(1, PAGES + 1))
    assert_table_equals_oracle(db, api, slices=[{"date": "2026-11-01"}])


@pytest.mark.parametrize("form", ["absolute", "path", "query"])
def test_a_link_header_leads_to_the_next_page(api, runner, db, form):
    api.set(link_form=form)
    assert_ended(runner.configure(by_links(type="link_header")).run(), db, proof="chain", rows=ROWS)
    assert api.pages_asked() == list(range(1, PAGES + 1))
    assert_table_equals_oracle(db, api, slices=[{"date": "2026-11-01"}])


@pytest.mark.security
@pytest.mark.parametrize("kind", [{"type": "next_link", "link": "/data/next_url"}, {"type": "link_header"}])
def test_a_link_to_another_origin_is_refused(api, runner, db, kind):
    api.set(link_form="foreign")
    assert_ended(runner.configure(by_links(**kind)).run(), db, 65, reason="at another origin, http://elsewhere.test")
    assert api.pages_asked() == [1]


@pytest.mark.kill_stop
def test_a_killed_run_goes_on_with_the_link_that_it_had(api, runner, db):
    runner.configure(by_links(type="link_header"))
    assert runner.run(env={**RESUME, "PAGEHAUL_FAULT": "before_commit:3"}).code == 137
    wait_backends_gone(db)
    done = len(done_pages(db))
    api.clear_log()
    runner.succeed(env=RESUME)
    assert api.pages_asked() == list(range(done + 1, PAGES + 1))


def test_a_flag_may_tell_the_end(api, runner, db):
    assert_ended(runner.configure(chained({"more": "/data/more"})).run(), db, proof="chain", rows=ROWS)
    assert_table_equals_oracle(db, api)


def test_a_total_is_counted_against(api, runner, db):
    api.set(total="every")
    result = runner.configure(chained({"total": {"rows": "/data/total_count"}})).run()
    assert_ended(result, db, proof="counts", rows=ROWS)
    assert_table_equals_oracle(db, api)
    assert api.pages_asked() == [*range(1, PAGES + 1), 1]


@pytest.mark.parametrize("rows", [0, 1, 100])
def test_a_chain_of_one_page_is_asked_once(api, runner, db, rows):
    api.set(rows=rows)
    assert_ended(runner.run(), db, proof="chain", rows=rows)
    assert_table_equals_oracle(db, api)
    assert api.pages_asked() == [1]


def test_without_a_size_pages_have_as_many_rows_as_the_api_likes(api, runner, db):
    api.set(page_size=70)
    assert_ended(runner.configure(chained({"size": None}, {**BODY, "page_size": None})).run(), db, proof="chain", rows=ROWS)
    assert_table_equals_oracle(db, api)


def test_slices_are_chains_side_by_side(api, runner, db):
    api.set(hold=True)
    running = runner.configure(sliced()).start()
    api.wait(held=4)
    api.set(hold=False)
    assert_ended(running.result(), db, proof="chain", slices_proven=4, rows=4 * ROWS)


def test_the_next_page_is_fetched_while_the_last_one_is_written(api, runner, db):
    """The table is locked: no commit comes through, and the chain is followed as far ahead as it may be."""
    runner.succeed()
    api.clear_log()
    with db.connect() as connection, connection.cursor() as cursor:
        connection.autocommit = False
        cursor.execute("LOCK TABLE report.creative IN SHARE MODE")
        running = runner.start()
        api.wait(requests=8)
    assert_ended(running.result(), db, proof="chain")
    assert sorted(api.pages_asked()) == list(range(1, PAGES + 1))


@pytest.mark.kill_stop
@pytest.mark.parametrize("fault", ["after_claim", "after_decode", "after_decode:5", "before_commit", "before_commit:3",
                                   "after_commit", "after_commit:3", "before_settle"])
def test_a_run_killed_there_goes_on_at_the_head(api, runner, db, fault):
    killed = runner.run(env={**RESUME, "PAGEHAUL_FAULT": fault})
    assert killed.code == 137, str(killed)
    wait_backends_gone(db)
    done = done_pages(db)
    assert done == set(range(1, len(done) + 1)), "in order"
    api.clear_log()
    runner.succeed(env=RESUME)
    assert api.pages_asked() == list(range(len(done) + 1, PAGES + 1)), "from the head on, once each"
    assert_table_equals_oracle(db, api)


@pytest.mark.kill_stop
def test_sigterm_stops_it_after_the_page_in_flight_and_the_next_start_goes_on_there(api, runner, db):
    api.set(hold_after=4)
    running = runner.start(env=RESUME)
    api.wait(held=1)
    running.send(signal.SIGTERM)
    api.set(hold=False)
    assert running.result().code == 143
    done = len(done_pages(db))
    assert 4 <= done < PAGES
    assert pages_of(db)[-1] == (done + 1, "pending")
    api.clear_log()
    runner.succeed(env=RESUME)
    assert api.pages_asked() == list(range(done + 1, PAGES + 1))
    assert_table_equals_oracle(db, api)


def test_a_failure_amid_the_chain_is_tried_again_and_the_pages_before_it_stay(api, runner, db):
    api.set(fault_pages=[5], fault_tries=2, faults="503")
    result = runner.run()
    assert_ended(result, db, proof="chain", rows=ROWS)
    assert api.pages_asked() == [1, 2, 3, 4, 5, 5, 5, 6, 7, 8, 9, 10]
    assert_table_equals_oracle(db, api)


def test_a_page_that_stays_refused_fails_the_run_and_the_next_start_goes_on_there(api, runner, db):
    api.set(fault_pages=[5], fault_forever=True, faults="400")
    assert_ended(runner.run(), db, 65, reason="page 5")
    assert done_pages(db) == {1, 2, 3, 4}


def test_a_token_that_has_expired_begins_the_chain_anew(api, runner, db):
    api.set(fault_pages=[5], fault_forever=True, faults="503")
    runner.configure(source={"retry": {"attempts": 2}})
    assert runner.run(env=RESUME).code == 69
    api.set(fault_pages=[], fault_forever=False, chain_generation=2)
    api.clear_log()
    result = runner.run(env=RESUME)
    assert_ended(result, db, proof="chain", rows=ROWS)
    assert [entry["fault"] for entry in api.log()] == ["cursor", *[""] * PAGES], "the old token once, then all anew"
    (moved,) = lines(result, "the API moved while it was read")
    assert "refused with the token" in moved["cause"]
    assert_table_equals_oracle(db, api)


def test_a_token_that_is_told_again_is_loud_after_the_passes(api, runner, db):
    api.set(chain_repeat=4)
    assert_ended(runner.configure(source={"drift": {"passes": 2}}).run(), db, 65, reason="told its own token again")
    assert api.pages_asked() == [1, 2, 3, 4] * 2


def test_an_api_that_ignores_the_token_is_loud_after_the_passes(api, runner, db):
    api.set(same_page=True)
    assert_ended(runner.configure(source={"drift": {"passes": 2}}).run(), db, 65,
                 reason="the same records as the one before it")
    assert api.pages_asked() == [1, 2] * 2


def test_an_endless_chain_ends_at_max_pages(api, runner, db):
    api.set(chain_endless=True)
    assert_ended(runner.configure(chained({"max_pages": 15})).run(), db, 65, reason="max_pages allows 15")
    assert api.pages_asked()[:15] == list(range(1, 16)) and len(api.pages_asked()) < 15 + 9


@pytest.mark.parametrize("required, code", [("chain", 0), ("pages", 78), ("counts", 78)])
def test_a_required_proof_that_no_chain_has_is_said_at_once(api, runner, db, required, code):
    assert runner.configure(run={"require_proof": required}).run().code == code


def test_several_processes_share_the_chains_and_none_is_in_two_hands(api, runner, db):
    api.set(latency="20ms")
    runner.configure(sliced(advertisers=("1001", "1002", "1003")), run={"workers": 2})
    processes = [runner.start(env=RESUME) for _ in range(3)]
    results = [process.result() for process in processes]
    assert [result.code for result in results] == [0, 0, 0], "\n".join(map(str, results))
    asked = [(e["advertiser_id"], e["date"], e["page"]) for e in api.log()]
    assert len(asked) == len(set(asked)) == 6 * PAGES
