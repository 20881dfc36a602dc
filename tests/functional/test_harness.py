"""The harness itself: servers start and stop, the proxy cuts where it says, leaks and reports are noticed."""

import os
import signal
import threading

import psycopg2
import pytest

from harness.http import answers, request
from harness.oracle import assert_table_equals_oracle, expected_rows
from harness.pagehaul import Pagehaul
from harness.pipeline import COLUMNS, TOKEN, merge
from harness.process import Process, marked_processes
from harness.proxy import COMMIT
from harness.waiting import eventually


@pytest.fixture
def through(proxy, db):
    """A connection to the test's database through the proxy."""
    connection = psycopg2.connect(db.dsn_through(proxy.host, proxy.port))
    yield connection
    connection.close()


def test_eventually_names_what_did_not_happen():
    with pytest.raises(AssertionError, match="not within 0.05 s: the sun rises"):
        eventually(lambda: False, 0.05, "the sun rises")


def test_each_test_has_a_database_of_its_own(db, postgres):
    db.query("CREATE TABLE here (id int)")
    other = postgres.create_database()
    assert db.relation_exists("here") and not other.relation_exists("here")
    other.drop()


def test_tcp_asks_for_the_password(db, postgres):
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(db.dsn_through(postgres.host, postgres.port, password="wrong"))


def test_a_stopped_server_refuses_and_a_started_one_has_its_data(db, postgres):
    db.query("CREATE TABLE kept AS SELECT 7 AS id")
    postgres.stop()
    with pytest.raises(psycopg2.OperationalError):
        db.connect()
    postgres.start()
    assert db.scalar("SELECT id FROM kept") == 7


def test_an_immediate_restart_breaks_open_connections(db, postgres):
    connection = db.connect()
    postgres.restart("immediate")
    with pytest.raises(psycopg2.DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_a_paused_server_is_silent_until_resumed(db, postgres):
    connection = db.connect()
    got = []

    def ask():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            got.append(cursor.fetchone())

    postgres.pause()
    asking = threading.Thread(target=ask)
    asking.start()
    asking.join(0.2)
    assert asking.is_alive() and got == []
    postgres.resume()
    asking.join(10)
    assert got == [(1,)]


def test_the_proxy_forwards_faithfully(through):
    with through.cursor() as cursor:
        cursor.execute("SELECT string_agg(repeat('x', 1000), '') FROM generate_series(1, 5000)")
        assert len(cursor.fetchone()[0]) == 5_000_000


def test_cut_resets_open_connections_and_accepts_new_ones(proxy, through, db):
    proxy.cut()
    with pytest.raises(psycopg2.OperationalError), through.cursor() as cursor:
        cursor.execute("SELECT 1")
    psycopg2.connect(db.dsn_through(proxy.host, proxy.port)).close()
    assert proxy.accepted == 2


def test_refuse_turns_new_connections_away_until_it_is_over(proxy, db):
    dsn = db.dsn_through(proxy.host, proxy.port)
    proxy.refuse()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(dsn)
    proxy.refuse(False)
    psycopg2.connect(dsn).close()


def _insert_and_commit(connection):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1)")
    connection.commit()


def test_a_lost_answer_leaves_the_commit_done(proxy, through, db):
    db.query("CREATE TABLE t (id int)")
    rule = proxy.lose_answer(COMMIT)
    with pytest.raises(psycopg2.OperationalError):
        _insert_and_commit(through)
    assert rule.fired.is_set()
    assert db.scalar("SELECT count(*) FROM t") == 1


def test_cut_before_keeps_the_commit_from_the_server(proxy, through, db):
    db.query("CREATE TABLE t (id int)")
    proxy.cut_before(COMMIT)
    with pytest.raises(psycopg2.OperationalError):
        _insert_and_commit(through)
    assert db.scalar("SELECT count(*) FROM t") == 0


def test_the_nth_commit_is_counted_over_all_connections(proxy, through, db):
    db.query("CREATE TABLE t (id int)")
    proxy.cut_before(COMMIT, nth=3)
    _insert_and_commit(through)
    other = psycopg2.connect(db.dsn_through(proxy.host, proxy.port))
    _insert_and_commit(other)
    with pytest.raises(psycopg2.OperationalError):
        _insert_and_commit(through)
    _insert_and_commit(other)
    other.close()
    assert db.scalar("SELECT count(*) FROM t") == 3


def test_a_half_open_connection_hears_neither_answer_nor_close(proxy, through, db):
    db.query("CREATE TABLE t (id int)")
    proxy.half_open(COMMIT)
    ended = threading.Event()

    def commit():
        try:
            _insert_and_commit(through)
        except psycopg2.Error:
            pass
        ended.set()

    waiting = threading.Thread(target=commit)
    waiting.start()
    eventually(lambda: db.scalar("SELECT count(*) FROM t") == 1)
    db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", db.name)
    assert not ended.wait(0.2)
    proxy.cut()
    waiting.join(10)
    assert ended.is_set()


def test_a_stall_delays_and_loses_nothing(proxy, through, db):
    db.query("CREATE TABLE t (id int)")
    proxy.stall()
    waiting = threading.Thread(target=_insert_and_commit, args=(through,))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    proxy.stall(False)
    waiting.join(10)
    assert db.scalar("SELECT count(*) FROM t") == 1


def test_a_connection_ends_right_behind_the_byte_that_was_named(proxy, through):
    meter = proxy.end_at(5000)
    with pytest.raises(psycopg2.OperationalError), through.cursor() as cursor:
        cursor.execute("SELECT repeat('x', 100000)")
    assert meter.fired.is_set()


def test_a_connection_pauses_behind_a_byte_and_loses_nothing(proxy, through):
    meter = proxy.hold_at(10, seconds=0.01, way="up")
    with through.cursor() as cursor:
        cursor.execute("SELECT repeat('x', 100000)")
        assert len(cursor.fetchone()[0]) == 100000
    assert meter.fired.is_set()


def test_run_at_acts_before_the_pattern_is_forwarded(proxy, through, db):
    db.query("CREATE TABLE t (id int)")
    seen = []
    rule = proxy.run_at(COMMIT, lambda: seen.append(db.scalar("SELECT count(*) FROM t")))
    _insert_and_commit(through)
    assert rule.fired.is_set() and seen == [0]


def test_the_pushgateway_shows_what_was_pushed(pushgateway):
    status, _ = request("POST", pushgateway.url + "/metrics/job/demo", body=b"rows_total 42\n",
                        headers={"Content-Type": "text/plain"})
    assert status == 200
    assert pushgateway.value("rows_total") == 42


@pytest.mark.xdist_group("rabbitmq")
def test_rabbitmq_lists_its_queues(rabbitmq):
    rabbitmq.declare_queue("harness")
    status, body = request("GET", rabbitmq.url + "/api/queues?page=1&page_size=100&name=harness",
                           auth=(rabbitmq.user, rabbitmq.password))
    assert status == 200 and b'"filtered_count":1' in body


def test_an_api_that_ended_refuses_connections(mock_api):
    api = mock_api(rows=10)
    assert len(api.rows()) == 10
    api.close()
    assert not answers(api.url)


def test_the_mock_api_logs_page_requests_and_takes_new_flags(mock_api):
    api = mock_api(rows=150)
    body, headers = {"page_num": 2, "page_size": 100}, {"Access-Token": TOKEN}
    status, answer = request("POST", api.url + "/data/report/offline/creative", body=body, headers=headers)
    assert status == 200 and b'"code":0' in answer
    assert api.pages_asked() == [2]
    api.wait(requests=1)
    api.clear_log()
    assert api.log() == []
    api.set(down=True)
    assert request("POST", api.url + "/data/report/offline/creative", body=body, headers=headers)[0] == 503


def test_the_oracle_accepts_the_rows_it_describes_and_nothing_else(db, mock_api):
    api = mock_api(rows=250, nul=True, unicode=True, bad_rows=[3])
    rows, _ = expected_rows(api.rows(), COLUMNS, ["creativity_id"])
    names = ", ".join(c["name"] for c in COLUMNS)
    db.query("CREATE SCHEMA report")
    db.query("CREATE TABLE report.creative (" + ", ".join(f"{c['name']} {c['type']}" for c in COLUMNS) + ")")
    with db.connect() as connection, connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO report.creative ({names}) VALUES ({', '.join(['%s'] * len(COLUMNS))})", rows.values())
    assert assert_table_equals_oracle(db, api) == 1
    db.query("UPDATE report.creative SET fee = fee + 1 WHERE placement = 3")
    with pytest.raises(AssertionError, match="0 missing.*differ"):
        assert_table_equals_oracle(db, api)


def test_the_oracle_converts_as_the_columns_say():
    record = {"advertiser_id": 1, "date": "2026-11-01", "creativity_id": 5, "campaign_id": "300", "creativity_name": "a\0b",
              "note_id": "n", "placement": 2, "fee": "￥1,234.50", "impression": "1,000", "ctr": "-",
              "updated_at": "2026-11-01 01:02:03"}
    bad, no_key = {**record, "creativity_id": 6, "fee": "free"}, {**record, "creativity_id": None}
    rows, quarantined = expected_rows([record, {**record, "placement": 3}, bad, no_key], COLUMNS, ["creativity_id"])
    assert len(quarantined) == 2
    (row,) = rows.values()
    assert row[4] == "a\ufffdb" and row[6] == 3 and str(row[7]) == "1234.50" and row[8] == 1000 and row[9] is None


def test_merging_changes_deeply_and_removes_what_is_none():
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": None, "e": 4}, "d": [5]}) == {"a": {"c": 2, "e": 4}, "d": [5]}


def _fake_binary(tmp_path, script):
    path = tmp_path / "pagehaul"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Pagehaul(path, tmp_path)


def test_a_run_yields_its_exit_code_its_output_and_its_log(tmp_path):
    runner = _fake_binary(tmp_path, """echo "$1 $2" && echo '{"msg":"done","rows":3}' >&2; exit 75""")
    result = runner.run("status")
    assert (result.code, result.stdout, result.log) == (75, "status -c\n", [{"msg": "done", "rows": 3}])
    assert runner.problems() == ""


def test_a_signal_reads_as_a_shell_reports_it(tmp_path):
    runner = _fake_binary(tmp_path, "exec sleep 100")
    running = runner.start()
    running.freeze()
    running.wait_stopped()
    running.thaw()
    running.send(signal.SIGKILL)
    assert running.wait() == 137


def test_a_process_left_running_is_a_problem(tmp_path):
    runner = _fake_binary(tmp_path, "exec sleep 100")
    running = runner.start()
    assert "still running" in runner.problems()
    assert not running.running


def test_a_sanitizer_report_and_a_printed_secret_are_problems(tmp_path):
    runner = _fake_binary(tmp_path, f"echo '==1==ERROR: AddressSanitizer: heap-use-after-free' >&2; echo {TOKEN}")
    runner.run()
    assert "sanitizer report" in runner.problems() and "printed a secret" in runner.problems()


def test_waiting_for_a_process_that_ends_fails_at_once(tmp_path):
    runner = _fake_binary(tmp_path, "exit 3")
    with pytest.raises(RuntimeError, match="ended with 3"):
        runner.start().wait_for_log("never said")


def test_a_leaked_grandchild_is_found(tmp_path):
    shell = Process(["/bin/sh", "-c", "sleep 100 & echo $!"], directory=tmp_path, name="shell")
    shell.wait()
    pid = int(shell.stdout)
    eventually(lambda: (pid, "sleep 100") in marked_processes())
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: (pid, "sleep 100") not in marked_processes())


@pytest.mark.container
def test_a_container_has_the_limits_it_was_given(containers, tmp_path):
    root = containers.make_root("/bin/cat", tmp_path)
    shown = containers.run(root, ["/pagehaul", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"],
                           memory="256m", cpus=0.5, network="none")
    assert str(256 << 20) in shown.stdout.split()
