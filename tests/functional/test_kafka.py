"""What the Kafka queue does when the broker, the group or the config is not as it should be (src/queue/kafka)."""

import os
import pathlib
import signal

import pytest

from harness.fixtures import ROOT
from harness.queue_probe import QueueProbe
from harness.waiting import eventually

pytestmark = pytest.mark.xdist_group("kafka")


@pytest.fixture
def probe(tmp_path):
    """A function: probe(queue) starts a process that holds both ends of this queue."""
    binary = pathlib.Path(os.environ.get("QUEUE_PROBE_BINARY", ROOT / "build" / "dev" / "queue_probe"))
    started = []

    def start(queue):
        started.append(QueueProbe(binary, tmp_path, queue, len(started) + 1))
        return started[-1]

    yield start
    for one in started:
        one.close()


def take(probe, count, timeout=40.0):
    """(tag, body) of at least so many messages."""
    had = []

    def enough():
        had.extend((message["tag"], message["body"]) for message in probe.receive(count - len(had)).get("messages", []))
        return len(had) >= count

    eventually(enough, timeout, f"{count} messages come")
    return had


def finish(probe, had):
    answer = probe.ask("done", *(tag for tag, _ in had))
    assert "kind" not in answer, answer


def nothing_comes(probe):
    assert [probe.receive().get("messages") for _ in range(4)] == [[]] * 4


def bodies(had):
    return sorted(body for _, body in had)


@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-512"])
def test_a_wrong_password_is_told_at_once_and_never_shown(kafka, probe, mechanism):
    secret = "wrong-hunter2-secret"
    queue = kafka.queue(brokers=kafka.sasl, username=kafka.user, password=secret, mechanism=mechanism)
    one = probe(queue)
    for answer in (one.ask("publish", 1, "x"), one.receive()):
        assert answer["kind"] == "credential" and "queue.password" in answer["cause"], answer
        assert answer["seconds"] < 5
        assert secret not in answer["cause"]
    assert secret not in one.log
    two = probe({**queue, "password": kafka.password})
    two.ask("publish", 3, "x")
    assert len(take(two, 3)) == 3


def test_a_mechanism_that_the_broker_does_not_know_is_no_waiting(kafka, probe):
    queue = kafka.queue(brokers=kafka.sasl, username=kafka.user, password=kafka.password, mechanism="scram-sha-256")
    answer = probe(queue).receive()
    assert answer["kind"] == "credential" and "SCRAM-SHA-256" in answer["cause"], answer


def test_tls_believes_the_authority_that_the_config_names_and_no_other(kafka, probe):
    trusting = probe(kafka.queue(brokers=kafka.tls, tls=True, ca=str(kafka.ca)))
    assert "kind" not in trusting.ask("publish", 3, "x")
    finish(trusting, take(trusting, 3))
    doubting = probe(kafka.queue(brokers=kafka.tls, tls=True))
    for answer in (doubting.ask("publish", 1, "x"), doubting.receive()):
        assert answer["kind"] == "config" and "certificate verify failed" in answer["cause"], answer


def test_tls_holds_the_certificate_against_the_name_of_the_host(kafka, probe):
    answer = probe(kafka.queue(brokers=kafka.tls.replace("localhost", "127.0.0.1"), tls=True, ca=str(kafka.ca))).receive()
    assert answer["kind"] == "config" and "certificate verify failed" in answer["cause"], answer


def test_a_file_without_certificates_is_named(kafka, probe, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    answer = probe(kafka.queue(brokers=kafka.tls, tls=True, ca=str(tmp_path / "empty.pem"))).receive()
    assert answer["kind"] == "config" and answer["cause"].startswith("queue.ca: "), answer


def test_a_topic_that_must_be_there_is_not_made_by_whoever_looks_for_it(kafka, probe):
    queue = kafka.queue(partitions=0)
    one = probe(queue)
    for answer in (one.receive(), one.ask("publish", 1, "x"), one.ask("depth")):
        assert answer["kind"] == "config" and queue["topic"] in answer["cause"], answer
    # The broker itself would have made it, with one partition.
    maker, other = probe({**queue, "partitions": 2}), probe({**queue, "partitions": 2})
    assert "kind" not in maker.ask("publish", 1, "x")

    def both_have_some():
        maker.ask("publish", 8, "x")
        served = 0
        for member in (maker, other):
            member.tell("receive", 100, 1000)
        for member in (maker, other):
            messages = member.answer()["messages"]
            finish_later[member] = [m["tag"] for m in messages]
            served += bool(messages)
        for member, tags in finish_later.items():
            member.ask("done", *tags)
        return served == 2

    finish_later = {}
    eventually(both_have_some, 30, "both of two partitions have their worker")


def test_messages_are_spread_evenly_over_the_workers(kafka, probe):
    queue = kafka.queue(partitions=4)
    one, two = probe(queue), probe(queue)
    settle(one, two)
    one.ask("publish", 40, "even")
    counts = []
    for member in (one, two):
        had = []
        eventually(lambda: had.extend(member.receive()["messages"]) or len(had) >= 20, 20, "half of them come")
        counts.append(len(had))
    assert counts == [20, 20]


def test_a_worker_without_a_partition_says_so(kafka, probe):
    queue = kafka.queue(partitions=1)
    members = probe(queue), probe(queue)

    def one_says_so():
        for member in members:
            member.tell("receive", 1, 500)
        for member in members:
            assert "kind" not in member.answer()
        return ["fewer partitions than workers" in member.log for member in members].count(True) == 1

    eventually(one_says_so, 40, "one of two says that it gets nothing")


def test_what_nobody_can_read_is_kept_where_there_is_a_place_for_it(kafka, probe):
    queue = kafka.queue()
    one = probe(queue)
    one.ask("publish", 2, "unreadable")
    assert one.ask("depth")["dead"] == 0
    had = take(one, 2)
    one.ask("bury", *(tag for tag, _ in had))
    answer = one.ask("depth")
    assert (answer["dead"], answer["unsettled"]) == (2, 0), answer
    # A topic that was made with no such place beside it, by somebody who may not make topics.
    bare = probe({**queue, "topic": queue["topic"] + ".dead", "partitions": 0})
    bare.ask("bury", *(tag for tag, _ in take(bare, 2)))
    assert "a message that nobody can read is thrown away" in bare.log
    assert bare.receive(0)["unsettled"] == 0


def settle(*members):
    """Until each gets messages while all are served: then the group has dealt its shares."""

    def all_have_some():
        members[0].ask("publish", 20, "settle")
        for member in members:
            member.tell("receive", 100, 1000)
        answers = [member.answer() for member in members]
        for member, answer in zip(members, answers):
            member.ask("done", *(message["tag"] for message in answer["messages"]))
        return all(answer["messages"] for answer in answers)

    eventually(all_have_some, 60, "all members have a share")

    def nothing_is_left():
        for member in members:
            member.tell("receive", 100, 1000)
        answers = [member.answer() for member in members]
        for member, answer in zip(members, answers):
            member.ask("done", *(message["tag"] for message in answer["messages"]))
        return not any(answer["messages"] for answer in answers)

    eventually(nothing_is_left, 30, "nothing is left")


def test_a_broker_that_is_restarted_under_a_worker_loses_nothing(kafka, probe):
    queue = kafka.queue()
    one = probe(queue)
    one.ask("publish", 12, "kept")
    had = take(one, 12)
    finish(one, had[:4])
    kafka.kill()
    kafka.start()
    seen = {}

    def all_are_done():
        # Tags that came before the link was lost are passed over; what they stood for comes again.
        one.ask("done", *(tag for tag, _ in had))
        answer = one.receive()
        for message in answer.get("messages", []):
            seen[message["tag"]] = message["body"]
        one.ask("done", *seen)
        return "kind" not in answer and one.ask("depth").get("ready") == 0

    eventually(all_are_done, 60, "all are done")
    assert set(seen.values()) <= set(bodies(had))
    one.ask("leave")
    nothing_comes(probe(queue))


def test_a_broker_that_stays_away_is_told_and_its_messages_come_again(kafka, probe):
    queue = kafka.queue()
    one = probe(queue)
    one.ask("publish", 6, "again")
    had = take(one, 6)
    kafka.kill()
    answer = eventually(lambda: (told := one.receive(0)).get("kind") and told, 30, "the broker's absence is told")
    assert answer["kind"] == "transient" and answer["unsettled"] == 0, answer
    answer = one.ask("publish", 1, "x")
    assert answer["kind"] == "transient" and answer["seconds"] < 20, answer
    kafka.start()
    again = take(one, 6, 60)
    assert bodies(again) == bodies(had)
    assert not {tag for tag, _ in again} & {tag for tag, _ in had}


@pytest.mark.parametrize("absence", ["killed", "stopped"])
def test_leaving_does_not_wait_for_a_broker_that_does_not_answer(kafka, probe, absence):
    one = probe(kafka.queue())
    one.ask("publish", 3, "x")
    finish(one, take(one, 3))
    if absence == "killed":
        kafka.kill()
    else:
        kafka.send(signal.SIGSTOP)
    try:
        # The library gives a silent broker 5 s to answer what it was asked.
        assert one.ask("leave")["seconds"] < 8
        assert one.ask("drop_publisher")["seconds"] < 3
    finally:
        kafka.send(signal.SIGCONT)


def test_a_worker_that_comes_or_goes_takes_nothing_away_for_good(kafka, probe):
    queue = kafka.queue()
    stays, comes = probe(queue), probe(queue)
    stays.ask("publish", 12, "page")
    had = take(stays, 12)
    finish(stays, had[:3])
    done = {body for _, body in had[:3]}

    # It comes: what is in hand goes back, and is dealt anew.
    shares = {stays: [], comes: []}

    def dealt():
        for member in shares:
            member.tell("receive", 100, 500)
        for member, share in shares.items():
            share += [(message["tag"], message["body"]) for message in member.answer()["messages"]]
        return shares[comes] and {body for share in shares.values() for _, body in share} == set(bodies(had)) - done

    eventually(dealt, 60, "the rest is dealt to both")
    stays.ask("done", *(tag for tag, _ in had))  # mean nothing any longer
    assert stays.receive(0)["unsettled"] == len(shares[stays])

    # It goes, with its pages in hand: they come to the other, soon.
    finish(comes, shares[comes][:1])
    left = {body for _, body in shares[comes][1:]}
    comes.ask("leave")
    more = []
    eventually(lambda: more.extend(stays.receive()["messages"]) or left <= {m["body"] for m in more}, 10, "the other's come")
    assert shares[comes][0][1] not in {message["body"] for message in more}
    stays.ask("done", *(message["tag"] for message in more))


def test_what_a_killed_worker_had_comes_to_another(kafka, probe):
    queue = kafka.queue()
    one, two = probe(queue), probe(queue)
    one.ask("publish", 8, "orphan")
    had = take(one, 8)
    one.kill()
    # Nobody says that it is gone: its session ends, 10 s.
    assert bodies(take(two, 8, 40)) == bodies(had)


def test_a_worker_holds_little_memory_however_much_waits(kafka, probe):
    queue = kafka.queue(partitions=8)
    one = probe(queue)

    def kib():
        status = pathlib.Path(f"/proc/{one.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    one.ask("done")  # it is up
    before = kib()
    for _ in range(4):
        answer = one.ask("publish", 5000, "a-message-as-long-as-the-hints-are-" + "x" * 110)
        assert "kind" not in answer, answer
    published = kib()
    highest, left = 0, 20_000
    while left:
        # All of them, once each: to stop and start the partitions loses none and repeats none.
        had = take(one, min(left, 1000))
        highest = max(highest, kib())
        finish(one, had)
        left -= len(had)
    nothing_comes(one)
    assert one.ask("depth")["ready"] == 0
    print(f"RSS: {before} KiB at the start, {published} after 20,000 messages were published, {highest} while they are worked off")
    assert highest - before < 32 * 1024
