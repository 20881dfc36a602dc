// The invariants of src/ledger/README.md under random interleavings. PAGEHAUL_SEED=n repeats one of them.
#include <cstdlib>
#include <iostream>

#include "simulation.h"

namespace pagehaul::ledger::testing {

void Simulation::check_invariants() {
    EXPECT_EQ(
        ask("SELECT count(*) FROM (SELECT id FROM pagehaul.page WHERE state = 'done' AND no > 0) p FULL JOIN "
            "(TABLE effect UNION ALL TABLE gone) e ON e.page_id = p.id WHERE p.id IS NULL OR e.page_id IS "
            "NULL"),
        "0")
        << "a page is done if and only if its effect is in the same commit";
    EXPECT_EQ(
        ask("SELECT count(*) FROM pagehaul.run r WHERE r.state = 'succeeded' AND (r.planned_at IS NULL OR "
            "EXISTS (SELECT FROM pagehaul.slice s WHERE s.run_id = r.id AND s.carried_from IS NULL AND "
            "s.state NOT "
            "IN ('proven', 'split', 'abandoned')))"),
        "0")
        << "succeeded with a slice of its own that is not proven";
    EXPECT_EQ(
        ask("SELECT count(*) FROM pagehaul.run r JOIN pagehaul.slice s ON s.run_id = r.id WHERE r.state = "
            "'succeeded' AND s.state = 'open' AND EXISTS (SELECT FROM pagehaul.page p WHERE p.slice_id = "
            "s.id "
            "AND p.state IN ('pending', 'leased'))"),
        "0")
        << "succeeded while a slice that was carried over could still be pulled";
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.run r JOIN pagehaul.slice s ON s.run_id = r.id JOIN "
                  "pagehaul.page p "
                  "ON p.slice_id = s.id AND p.pass = s.pass JOIN gone g ON g.page_id = p.id "
                  "WHERE r.state = 'succeeded' AND s.state = 'proven'"),
              "0")
        << "succeeded with rows of a table that is gone";
    EXPECT_EQ(
        ask("SELECT count(*) FROM pagehaul.run r JOIN pagehaul.slice s ON s.run_id = r.id "
            "WHERE r.state = 'superseded' AND s.state IN ('open', 'failed') AND s.taken_over_by IS NULL"),
        "0")
        << "a slice is forgotten";
    EXPECT_EQ(
        ask("SELECT count(*) FROM pagehaul.slice s WHERE s.state = 'split' AND (SELECT count(*) FROM "
            "pagehaul.slice h WHERE h.run_id = s.run_id AND h.key LIKE s.key || '/_' AND h.split_from = "
            "coalesce(s.split_from, s.key)) <> 2"),
        "0")
        << "a slice was split, and has not two halves";
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.run WHERE planned_at IS NULL"), "0")
        << "half a plan is visible";
    EXPECT_EQ(
        ask("SELECT count(*) FROM pagehaul.slice s WHERE s.state IN ('open', 'proven') AND (SELECT count(*) "
            "FROM pagehaul.page p WHERE p.slice_id = s.id AND p.pass = s.pass AND p.no BETWEEN 1 AND "
            "greatest(1, s.planned)) <> greatest(1, coalesce(s.planned, 1))"),
        "0")
        << "a page is lost";
    EXPECT_EQ(
        ask("SELECT count(*) FROM (SELECT slice_id, pass, sum(fetched) f, count(*) c FROM pagehaul.page "
            "WHERE "
            "state = 'done' AND no > 0 GROUP BY 1, 2) p FULL JOIN (SELECT slice_id, pass, sum(fetched) f, "
            "sum(pages) c FROM pagehaul.tally GROUP BY 1, 2) t USING (slice_id, pass) WHERE p.f IS DISTINCT "
            "FROM t.f OR p.c IS DISTINCT FROM t.c"),
        "0")
        << "the tally differs from the pages";
    EXPECT_EQ(recounted(), "") << "the run's sums differ from its pages and slices";
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.slice s JOIN pagehaul.run r ON r.id = s.run_id AND r.state "
                  "= 'running' "
                  "WHERE NOT EXISTS (SELECT FROM pagehaul.slice_due d WHERE d.run_id = s.run_id AND "
                  "d.slice_id = s.id) "
                  "AND CASE WHEN s.state = 'failed' THEN EXISTS (SELECT FROM pagehaul.page p WHERE "
                  "p.slice_id = s.id "
                  "AND p.state = 'pending') WHEN s.state <> 'open' THEN false WHEN s.drift IS NOT NULL THEN "
                  "NOT EXISTS "
                  "(SELECT FROM pagehaul.page p WHERE p.slice_id = s.id AND p.state = 'leased') ELSE NOT "
                  "EXISTS (SELECT "
                  "FROM pagehaul.page p WHERE p.slice_id = s.id AND p.pass = s.pass AND (p.state <> 'done' "
                  "OR p.no = 0)) "
                  "END"),
              "0")
        << "a slice is due and no poll will look at it";
    const auto rows = db.exec("SELECT id, state, epoch FROM pagehaul.page");
    std::map<std::int64_t, std::pair<std::string, std::int64_t>> now;
    for (std::size_t i = 0; i < rows.size(); ++i)
        now[rows.integer(i, 0)] = {rows.text(i, 1), rows.integer(i, 2)};
    for (const auto& [id, before] : seen_) {
        const auto found = now.find(id);
        if (before.first == "done") {
            EXPECT_TRUE(found != now.end() && found->second == before) << "done is final, page " << id;
        }
        if (found == now.end()) continue;
        EXPECT_GE(found->second.second, before.second) << "epoch of page " << id;
    }
    seen_ = std::move(now);
}

/// Runs whose sums are not those of their pages and slices, with both. What is abandoned of a superseded run
/// leaves its sums, which nobody reads any more.
std::string Simulation::recounted() {
    return ask(
        "SELECT coalesce(string_agg(r.id || ' has ' || t.sums || ' in run_tally, ' || s.sums || ' / ' || "
        "p.sums || ' / ' || "
        "d.sums, '; '), '') FROM pagehaul.run r, "
        "LATERAL (SELECT concat_ws(' ', sum(open), sum(proven), sum(failed), sum(by_pages), sum(by_counts), "
        "sum(told), "
        "sum(told_of), sum(planned), sum(planned_of)) || ' / ' || concat_ws(' ', sum(pending), sum(leased), "
        "sum(unavailable), sum(refused)) || ' / ' || concat_ws(' ', sum(done), sum(fetched), sum(stored), "
        "sum(quarantined), sum(duplicates)) AS sums FROM pagehaul.run_tally WHERE run_id = r.id) t, "
        "LATERAL (SELECT concat_ws(' ', count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state "
        "IN "
        "('proven', 'split')), count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE proof = "
        "'pages'), "
        "count(*) FILTER "
        "(WHERE proof = 'counts'), coalesce(sum(total), 0), count(total), coalesce(sum(planned), 0), "
        "count(planned)) "
        "AS sums FROM pagehaul.slice WHERE run_id = r.id) s, "
        "LATERAL (SELECT concat_ws(' ', count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE "
        "state = "
        "'leased'), count(*) FILTER (WHERE failure = 'unavailable'), count(*) FILTER (WHERE failure = "
        "'refused')) AS "
        "sums FROM pagehaul.page WHERE run_id = r.id) p, "
        "LATERAL (SELECT concat_ws(' ', count(g.fetched), coalesce(sum(g.fetched), 0), "
        "coalesce(sum(g.stored), 0), "
        "coalesce(sum(g.quarantined), 0), coalesce(sum(g.duplicates), 0)) AS sums FROM pagehaul.page g JOIN "
        "pagehaul.slice c ON c.id = g.slice_id AND c.pass = g.pass WHERE g.run_id = r.id) d "
        "WHERE r.state <> 'superseded' AND t.sums <> s.sums || ' / ' || p.sums || ' / ' || d.sums");
}

namespace {

using Property = Simulation;

TEST_F(Property, TheInvariantsHoldAfterEveryStepOfRandomInterleavings) {
    db.exec("CREATE TABLE effect (page_id bigint PRIMARY KEY, keys bigint[] NOT NULL)");
    db.exec("CREATE TABLE gone (LIKE effect)");
    db.exec("CREATE TABLE planning_fault (armed boolean NOT NULL)");
    db.exec("INSERT INTO planning_fault VALUES (false)");
    db.exec(
        "CREATE FUNCTION die_while_planning() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF (SELECT armed "
        "FROM "
        "public.planning_fault) THEN RAISE EXCEPTION ''killed''; END IF; RETURN NEW; END'");
    db.exec(
        "CREATE TRIGGER die BEFORE INSERT ON pagehaul.worker FOR EACH ROW EXECUTE FUNCTION "
        "die_while_planning()");

    const char* fixed = std::getenv("PAGEHAUL_SEED");
    std::uint64_t seed = fixed != nullptr ? std::strtoull(fixed, nullptr, 10) : std::random_device{}();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    int rounds = 0;
    do {
        SCOPED_TRACE("PAGEHAUL_SEED=" + std::to_string(seed));
        reset(seed);
        for (int steps = 0; steps < 400 && !HasFailure() && !has_succeeded(); ++steps) {
            step();
            check_invariants();
        }
        if (!HasFailure()) finish();
        if (HasFailure()) {
            std::cout << "PAGEHAUL_SEED=" << seed << " fails\n";
            break;
        }
        ++seed;
        ++rounds;
    } while (fixed == nullptr && std::chrono::steady_clock::now() < end);
    std::cout << rounds << " interleavings:";
    for (const auto& [what, times] : counters)
        std::cout << " " << what << " " << times << ",";
    std::cout << "\n";
}

}  // namespace
}  // namespace pagehaul::ledger::testing
