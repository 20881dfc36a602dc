#include "simulation.h"

#include "ledger/left_slices.h"
#include "ledger/split.h"
#include "postgres/quoting.h"

namespace pagehaul::ledger::testing {
namespace {

/// So that no two slices have a key in common.
std::int64_t first_key(const std::string& slice) {
    return (slice.front() - 'a') * std::int64_t{1'000'000};
}

bool is_lock_timeout(const postgres::SqlError& error) {
    return error.sqlstate() == "55P03";
}

}  // namespace

void Simulation::reset(std::uint64_t seed) {
    actors_.clear();
    db.exec(
        "TRUNCATE pagehaul.run, pagehaul.page, pagehaul.pipeline_lock, pagehaul.page_keys, "
        "pagehaul.slice_due, effect, gone CASCADE");
    db.exec("UPDATE test_clock SET ahead = '0'; UPDATE planning_fault SET armed = false");
    engine_.seed(seed);
    api_ = {};
    now_ = Millis{0};
    keys_ = 0;
    drifts_left_ = static_cast<int>(random(5));
    target_ = 1;
    config_ = 1;
    window_slid_ = false;
    seen_.clear();
    proven_.clear();
    policy = {.page_size = 3, .quarantine_rows = {}, .quarantine_fraction = {}};
    policy.total_on_every_page = chance(50);
    if (chance(25)) policy.total = Policy::Known::nothing;
    for (const char* slice : {"a", "b", "c"})
        for (std::size_t rows = random(20); rows > 0; --rows)
            api_.add_row(slice, rows);
}

void Simulation::pass_time(Millis span) {
    now_ += span;
    advance(span);
}

/// The bound is short: whoever it stops has only lost the race for a lock (see unblocked()).
postgres::Connection Simulation::open_for(const Process& process) {
    postgres::Connection connection = connect("pagehaul " + process.id);
    connection.exec("SET lock_timeout = '50ms'");
    return connection;
}

/// One thread plays all processes, so one that waits for another's lock would wait for ever. Here it gives
/// up, the others end the commits they have open, and it begins again.
template <class Work>
void Simulation::unblocked(Actor& actor, const Work& work) {
    const auto held = actor.held;
    for (;;) {
        try {
            return work();
        } catch (const postgres::SqlError& error) {
            if (!is_lock_timeout(error)) throw;
        }
        actor.held = held;
        actor.in_flight.clear();
        give_way(actor);
    }
}

/// The actor, whose statement met a lock, lets go of its own, and the others end the commits they have open.
void Simulation::give_way(Actor& actor) {
    ++counters["met a lock"];
    actor.process->heart.rollback();
    if (actor.in_flight.empty()) actor.process->work.rollback();
    for (Actor& other : actors_)
        if (&other != &actor && !other.in_flight.empty()) land(other, chance(50));
}

/// Runs a step of one process, which does not take place when it meets a lock: that of a process that has
/// just crashed, whose backend may not have noticed yet. A connection that a reaper or taker ended is opened
/// again, as its owner would.
template <class Work>
void Simulation::as(Actor& actor, const Work& work) {
    try {
        work();
    } catch (const postgres::SqlError& error) {
        if (is_lock_timeout(error)) return give_way(actor);
        if (!error.connection_lost()) throw;
        ++counters["terminated backends met"];
        actor.process->work = open_for(*actor.process);
        actor.process->heart = open_for(*actor.process);
        if (!actor.in_flight.empty()) land(actor, true);  // its transaction ended with the connection
    }
}

/// Again until nothing of ours is in the way: a lock that only a backend holds whose process is gone is free
/// in a moment, which on a busy machine may be longer than the bound.
template <class Work>
auto Simulation::past_locks(Process& process, const Work& work) {
    for (;;) {
        try {
            return work();
        } catch (const postgres::SqlError& error) {
            if (!is_lock_timeout(error)) throw;
        }
        ++counters["met a lock"];
        process.work.rollback();
    }
}

StartRequest Simulation::asked_for(Process& process, const std::string& key) {
    StartRequest asked = request(
        process, key, window_slid_ ? std::vector<std::string>{"b", "c"} : std::vector<std::string>{"a", "b"});
    asked.fingerprint = "f" + std::to_string(config_);
    asked.target = {std::to_string(target_)};
    asked.adopt_within = Millis{20'000};
    asked.fresh = chance(3);
    return asked;
}

/// Nobody is at work: what is lost to a living process is told by nothing before the next start.
void Simulation::make_target_anew() {
    ++counters["target made anew"];
    land_what_lives();
    actors_.clear();
    db.exec("WITH lost AS (DELETE FROM effect RETURNING *) INSERT INTO gone SELECT * FROM lost");
    ++target_;
}

void Simulation::abandon_something() {
    static const std::vector<std::string> names{"a", "b", "c"};
    const Scope scope{.schema = "pagehaul", .pipeline = "p", .worker = "", .stale = stale};
    const std::string what =
        chance(50) ? names[random(names.size())] : ask("SELECT coalesce(max(id), 0) FROM pagehaul.run");
    const auto outcome = abandon(db, scope, what, "nobody wants it");
    ++counters[std::holds_alternative<Abandoned>(outcome) ? "abandoned" : "nothing to abandon"];
}

void Simulation::start_one(const std::string& key) {
    land_what_lives();
    Actor actor;
    actor.process = std::make_unique<Process>(dsn(), uuid(++workers_));
    actor.process->work = open_for(*actor.process);
    actor.last_beat = actor.steady_since = now_;
    const StartOutcome outcome = past_locks(
        *actor.process, [&] { return start(actor.process->work, asked_for(*actor.process, key)); });
    if (const auto* in = std::get_if<Started>(&outcome)) {
        static constexpr const char* names[] = {"planned", "joined", "resumed", "adopted"};
        ++counters[names[static_cast<int>(in->kind)]];
        for (const std::string& warning : in->warnings)
            ++counters[warning.find("carried over") != std::string::npos   ? "carried over"
                       : warning.find("adopt_within") != std::string::npos ? "adopted too old"
                                                                           : "other target seen"];
        actor.process->scope.run = in->run;
        actors_.push_back(std::move(actor));
    } else {
        ++counters[std::holds_alternative<Busy>(outcome)      ? "busy"
                   : std::holds_alternative<Differs>(outcome) ? "another config"
                                                              : "succeeded already"];
    }
}

void Simulation::start_that_dies_between_planning_statements() {
    land_what_lives();
    db.exec("UPDATE planning_fault SET armed = true");
    Process process(dsn(), uuid(++workers_));
    try {
        start(process.work, asked_for(process, "dies" + std::to_string(++keys_)));
    } catch (const postgres::SqlError&) {
        ++counters["died while planning"];
    }
    db.exec("UPDATE planning_fault SET armed = false");
}

void Simulation::land_what_lives() {
    for (Actor& actor : actors_)
        if (!actor.in_flight.empty() && now_ - actor.last_beat < stale) land(actor, chance(50));
}

PageResult Simulation::fetch(const Claim& claim) {
    const auto rows = api_.rows(claim.slice_key);
    PageResult result;
    result.claim = claim;
    const auto first = static_cast<std::size_t>((claim.no - 1) * policy.page_size);
    for (std::size_t i = first; i < rows.size() && i < first + static_cast<std::size_t>(policy.page_size);
         ++i)
        result.key_hashes.push_back(rows[i] + first_key(claim.slice_key));
    result.fetched = result.stored = static_cast<std::int32_t>(result.key_hashes.size());
    result.total = told(claim.no, std::ssize(rows));
    for (const std::int64_t key : result.key_hashes)
        result.content_hash = result.content_hash * 31 + key;
    return result;
}

void Simulation::claim_some(Actor& actor) {
    for (Claim& claim : claim(actor.process->work, actor.process->scope, 1 + static_cast<int>(random(4)),
                              actor.held.empty())) {
        ++counters[claim.alone ? "claimed alone" : "claimed"];
        actor.held.push_back(std::move(claim));
    }
}

/// Everything of a commit but COMMIT, with the effect on the target in it.
void Simulation::prepare_commit(Actor& actor) {
    Process& process = *actor.process;
    std::vector<PageResult> results;
    std::vector<Claim> claims;
    while (!actor.held.empty() && results.size() < 3 && !actor.held.back().is_proof()) {
        claims.push_back(actor.held.back());
        results.push_back(fetch(claims.back()));
        actor.held.pop_back();
    }
    if (results.empty()) return;
    const auto ours = begin_commit(process.work, process.scope, claims);
    if (!ours) return;
    std::vector<const PageResult*> kept;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (!(*ours)[i]) {
            ++counters["lease lost"];
            continue;
        }
        kept.push_back(&results[i]);
        actor.in_flight.push_back(results[i]);
        process.work.exec("INSERT INTO effect VALUES (" + std::to_string(claims[i].page_id) + ", '" +
                          postgres::array_literal(results[i].key_hashes) + "')");
    }
    complete(process.work, process.scope, policy, kept);
    if (kept.empty()) process.work.rollback();
}

/// COMMIT reaches the server or not; the answer never arrives, so the process asks the ledger.
void Simulation::land(Actor& actor, bool lost) {
    Process& process = *actor.process;
    const auto results = std::move(actor.in_flight);
    actor.in_flight.clear();
    std::vector<Claim> claims;
    for (const PageResult& result : results)
        claims.push_back(result.claim);
    bool landed = false;
    try {
        if (lost) {
            process.work.close();
        } else {
            process.work.commit();
            landed = true;
        }
    } catch (const postgres::SqlError&) {
        ++counters["terminated in a commit"];
    }
    if (landed) {
        EXPECT_EQ(
            ask("SELECT count(*) FROM pagehaul.pipeline_lock l JOIN pagehaul.run r ON r.id = l.run_id WHERE "
                "r.state = 'running' AND r.id = " +
                std::to_string(process.scope.run)),
            "1")
            << "a fenced process wrote";
        for (const Claim& claim : claims)
            EXPECT_EQ(ask("SELECT pass FROM pagehaul.slice WHERE id = " + std::to_string(claim.slice_id)),
                      std::to_string(claim.pass))
                << "an older pass wrote after a newer";
    } else {
        process.work = open_for(process);
    }
    const auto resolutions =
        past_locks(process, [&] { return resolve(process.work, process.scope, claims); });
    for (std::size_t i = 0; i < claims.size(); ++i) {
        EXPECT_EQ(resolutions[i] == Resolution::committed, landed) << "page " << claims[i].page_id;
        if (resolutions[i] == Resolution::again) actor.held.push_back(claims[i]);
    }
    ++counters[landed ? "landed" : "lost before COMMIT"];
}

void Simulation::set_back(Actor& actor) {
    if (actor.held.empty()) return;
    static constexpr Setback::Kind kinds[] = {Setback::Kind::again, Setback::Kind::returned,
                                              Setback::Kind::unavailable};
    Setback setback;
    setback.claim = actor.held.back();
    setback.kind = kinds[random(chance(80) ? 2 : 3)];
    setback.delay = Millis{random(3000)};
    setback.error = "503";
    actor.held.pop_back();
    if (!setback.claim.is_proof() && setback.claim.slice_key.size() < 5 && chance(40))
        setback = too_large(setback.claim);
    record(actor.process->work, actor.process->scope, {setback});
    ++counters[setback.kind == Setback::Kind::split ? "too large" : "set back"];
}

Setback Simulation::too_large(const Claim& claim) {
    const auto half = [&](const std::string& which) {
        const std::string key = claim.slice_key + which;
        return PlannedSlice{.key = key, .params = R"({"name":")" + key + "\"}"};
    };
    Setback setback;
    setback.claim = claim;
    setback.kind = Setback::Kind::split;
    setback.error = "too large";
    setback.halves = write_halves({half("/0"), half("/1")});
    return setback;
}

void Simulation::prove_one(Actor& actor, const Claim& claim) {
    const auto rows = std::ssize(api_.rows(claim.slice_key));
    ProofReading reading{.total = told(1, rows)};
    if (policy.total == Policy::Known::nothing)
        reading.rows_beyond_end = std::max<std::int64_t>(0, rows - claim.planned * policy.page_size);
    const auto verdict = prove(*actor.process, claim, reading);
    ++counters[!verdict                                   ? "proof lost"
               : std::holds_alternative<Proven>(*verdict) ? "proven by proof"
                                                          : "moved by proof"];
    note_proofs(true);
}

void Simulation::work_on(Actor& actor) {
    if (!actor.in_flight.empty()) return land(actor, chance(30));
    if (!actor.held.empty() && actor.held.back().is_proof()) {
        const Claim claim = actor.held.back();
        actor.held.pop_back();
        return unblocked(actor, [&] { prove_one(actor, claim); });
    }
    unblocked(actor, [&] { prepare_commit(actor); });
    if (!actor.in_flight.empty() && chance(50)) land(actor, false);
}

void Simulation::crash(Actor& actor) {
    ++counters["crashed"];
    actors_.erase(actors_.begin() + (&actor - actors_.data()));
}

void Simulation::terminate(Actor& actor) {
    ++counters["SIGTERM"];
    land_what_lives();
    if (!actor.in_flight.empty()) land(actor, true);
    bool settled = false;
    while (!settled)  // again where a reaper has ended the connection
        as(actor, [&] {
            settle(actor.process->work, actor.process->scope, "{}");
            settled = true;
        });
    actors_.erase(actors_.begin() + (&actor - actors_.data()));
}

/// Slices proven since the last look. Where the source was just asked, the target must be what it has now; a
/// proof by pages claims less: a row that joined a short last page stays unseen.
void Simulation::note_proofs(bool asked) {
    const auto rows = db.exec(
        "SELECT s.id, s.key, (SELECT array_to_string(array_agg(DISTINCT k ORDER BY k), ',') FROM "
        "pagehaul.page p "
        "JOIN effect e ON e.page_id = p.id, unnest(e.keys) k WHERE p.slice_id = s.id AND p.pass = s.pass), "
        "s.proof FROM pagehaul.slice s WHERE s.state = 'proven'");
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!proven_.insert(rows.integer(i, 0)).second || !asked || rows.text(i, 3) != "counts") continue;
        auto expected = api_.rows(rows.text(i, 1));
        std::sort(expected.begin(), expected.end());
        std::string text;
        for (const std::int64_t id : expected)
            text += (text.empty() ? "" : ",") + std::to_string(id + first_key(rows.text(i, 1)));
        EXPECT_EQ(rows[i][2].value_or(""), text)
            << "slice " << rows.text(i, 1) << " is proven, the target differs";
    }
}

void Simulation::step() {
    if (actors_.empty() || (actors_.size() < 3 && chance(5))) {
        if (chance(10)) return start_that_dies_between_planning_statements();
        if (actors_.empty() && chance(5)) return abandon_something();
        if (chance(5)) window_slid_ = !window_slid_;
        if (chance(5)) ++config_;
        return start_one("k" + std::to_string(chance(15) ? ++keys_ : keys_));
    }
    if (chance(8)) return pass_time(Millis{1000 + random(4000)});
    if (chance(1) && chance(30)) return make_target_anew();
    if (chance(1)) {
        ++counters["database stalled"];
        return pass_time(Millis{40'000});
    }
    if (drifts_left_ > 0 && chance(3)) {
        --drifts_left_;
        ++counters["drift"];
        return api_.add_row(chance(50) ? "a" : "b", random(12));
    }
    Actor& actor = actors_[random(actors_.size())];
    if (actor.stalled) {
        if (chance(10)) actor.stalled = false;
        return;
    }
    const std::size_t dice = random(100);
    if (dice < 2) return crash(actor);
    if (dice < 3) return terminate(actor);
    as(actor, [&] {
        Process& process = *actor.process;
        if (dice < 5) {
            actor.stalled = true;
        } else if (dice < 15) {
            if (now_ - actor.last_beat >= stale) actor.steady_since = now_;
            actor.last_beat = now_;
            beat(process.heart, process.scope);
        } else if (dice < 22 && actor.in_flight.empty()) {
            counters["reaped"] +=
                reap(process.work, process.scope, Millis{120'000}, now_ - actor.steady_since >= stale).pages;
        } else if (dice < 40 && actor.in_flight.empty()) {
            for (const SliceNews& news : poll(process.work, process.scope, policy).news)
                if (news.became == SliceNews::Became::split) ++counters["split"];
            note_proofs(false);
        } else if (dice < 60 && actor.in_flight.empty()) {
            claim_some(actor);
        } else if (dice < 64 && actor.in_flight.empty()) {
            set_back(actor);
        } else {
            work_on(actor);
        }
    });
}

void Simulation::finish() {
    actors_.clear();  // all crash
    for (int round = 0; !has_succeeded(); ++round) {
        ASSERT_LT(round, 20) << "the pipeline never succeeds";
        pass_time(Millis{40'000});
        start_one("end" + std::to_string(++keys_));
        if (actors_.empty()) continue;
        Actor& actor = actors_.back();
        for (int idle = 0; idle < 5 && !has_succeeded();) {
            unblocked(actor, [&] { poll(actor.process->work, actor.process->scope, policy); });
            note_proofs(false);
            unblocked(actor, [&] { claim_some(actor); });
            idle = actor.held.empty() ? idle + 1 : 0;
            while (!actor.held.empty())
                if (actor.held.back().is_proof()) {
                    work_on(actor);
                } else {
                    unblocked(actor, [&] { prepare_commit(actor); });
                    land(actor, false);
                }
            pass_time(Millis{1000});
        }
        check_invariants();
        actors_.clear();
    }
}

}  // namespace pagehaul::ledger::testing
