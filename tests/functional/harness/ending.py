"""How a run ended: exit code, summary line and ledger must tell the same story."""


def summary(result):
    """The run's one summary line."""
    lines = [line for line in result.log if line.get("msg") == "summary"]
    assert len(lines) == 1, f"{len(lines)} summary lines\n{result}"
    return lines[0]


def lines(result, msg):
    """The log's lines with this message."""
    return [line for line in result.log if line.get("msg") == msg]


_VERDICT = {0: "succeeded", 65: "failed", 69: "incomplete", 75: "incomplete", 77: "failed", 130: "stopped", 143: "stopped"}

# Each finds what no ended run may leave behind, whatever its exit code.
_BROKEN = {
    "pages that are still leased": "SELECT id, slice_id, no FROM pagehaul.page WHERE state = 'leased'",
    "pages whose counts do not add up":
        "SELECT id, fetched, stored, quarantined, duplicates FROM pagehaul.page "
        "WHERE state = 'done' AND no > 0 AND fetched <> stored + quarantined + duplicates",
    "tallies that are not the sum of their pages":
        "SELECT slice_id, pass FROM (SELECT slice_id, pass, sum(pages) pages, sum(fetched) f, sum(stored) s, sum(quarantined) q "
        "FROM pagehaul.tally GROUP BY 1, 2) t FULL JOIN (SELECT slice_id, pass, count(*) pages, sum(fetched) f, sum(stored) s, "
        "sum(quarantined) q FROM pagehaul.page WHERE state = 'done' AND no > 0 GROUP BY 1, 2) p USING (slice_id, pass) "
        "WHERE (t.pages, t.f, t.s, t.q) IS DISTINCT FROM (p.pages, p.f, p.s, p.q)",
    "slices whose quarantined rows are not what their pages counted":
        "SELECT s.id FROM pagehaul.slice s WHERE "
        "(SELECT count(*) FROM pagehaul.quarantine q WHERE q.slice_id = s.id AND q.pass = s.pass AND q.row_no IS NOT NULL) <> "
        "(SELECT coalesce(sum(p.quarantined), 0) FROM pagehaul.page p WHERE p.slice_id = s.id AND p.pass = s.pass)",
    "failed pages that are not in quarantine":
        "SELECT p.id FROM pagehaul.page p JOIN pagehaul.slice s ON s.id = p.slice_id AND s.pass = p.pass "
        "WHERE p.state = 'failed' AND p.no > 0 AND NOT EXISTS (SELECT FROM pagehaul.quarantine q "
        "WHERE q.slice_id = p.slice_id AND q.pass = p.pass AND q.page_no = p.no AND q.row_no IS NULL)",
    "proven slices with a hole":
        "SELECT s.id FROM pagehaul.slice s WHERE s.state = 'proven' AND (SELECT count(*) FROM pagehaul.page p "
        "WHERE p.slice_id = s.id AND p.pass = s.pass AND p.state = 'done' AND p.no BETWEEN 1 AND greatest(s.planned, 1)) "
        "<> greatest(s.planned, 1)",
    "proven slices whose rows are not the total":
        "SELECT s.id, s.total FROM pagehaul.slice s WHERE s.proof LIKE 'counts%' AND s.total <> (SELECT sum(p.fetched) "
        "FROM pagehaul.page p WHERE p.slice_id = s.id AND p.pass = s.pass)",
    "succeeded runs with an unproven slice":
        "SELECT r.id FROM pagehaul.run r JOIN pagehaul.slice s ON s.run_id = r.id "
        "WHERE r.state = 'succeeded' AND s.state NOT IN ('proven', 'split')",
    "workers that did not say goodbye": "SELECT id FROM pagehaul.worker WHERE stopped_at IS NULL",
    "a pipeline's lock that is still held": "SELECT pipeline, run_id FROM pagehaul.pipeline_lock WHERE run_id IS NOT NULL",
}


def assert_ledger_consistent(db):
    """Nobody runs now: the ledger's invariants hold and nothing is left in anybody's hands."""
    for what, sql in _BROKEN.items():
        found = db.query(sql)
        assert not found, f"the ledger has {what}: {found[:5]}"


def assert_ended(result, db, code=0, reason="", **expected):
    """Exit code, summary line (with these fields; `reason` is a part of its sentence) and ledger agree. Returns the line."""
    assert result.code == code, str(result)
    line = summary(result)
    assert (line["exit_code"], line["verdict"]) == (code, _VERDICT[code]), line
    assert reason in line["reason"], line
    wrong = {name: line.get(name) for name, value in expected.items() if line.get(name) != value}
    assert not wrong, f"summary has {wrong}, expected {expected}\n{result}"
    assert_ledger_consistent(db)
    newest = db.query("SELECT state, finished_at IS NOT NULL FROM pagehaul.run ORDER BY id DESC LIMIT 1")[0]
    assert newest == (("succeeded", True) if code == 0 else ("running", False))
    return line
