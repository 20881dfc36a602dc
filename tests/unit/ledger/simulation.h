#pragma once

#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {

/// An API whose rows have ids; rows only ever arrive, anywhere, so that equal totals mean equal rows.
struct MovingApi {
    std::map<std::string, std::vector<std::int64_t>> slices;
    std::int64_t next_id = 1;

    /// Of a slice, or of a half, "a/0" or "a/1": a row is in one of them for good.
    std::vector<std::int64_t> rows(const std::string& key) {
        std::vector<std::int64_t> rows = slices[key.substr(0, 1)];
        int bit = 0;
        for (std::size_t at = 2; at < key.size(); at += 2, ++bit)
            std::erase_if(rows, [&](std::int64_t id) { return ((id >> bit) & 1) != key[at] - '0'; });
        return rows;
    }

    void add_row(const std::string& slice, std::size_t place) {
        auto& rows = slices[slice];
        rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(std::min(place, rows.size())), next_id++);
    }
};

/// A process of the simulation: what it holds, and what of it hangs.
struct Actor {
    std::unique_ptr<Process> process;
    std::vector<Claim> held;
    std::vector<PageResult> in_flight;  ///< their commit is prepared, COMMIT not yet sent
    bool stalled = false;
    Millis last_beat{0};
    Millis steady_since{0};  ///< beats without a gap longer than the stale time since then
};

/// Random interleavings of everything that src/ledger/README.md allows to happen to the processes of a
/// pipeline, one step at a time, on a real database. The target is the table `effect`: a row per page, in its
/// commit; when it is made anew, its rows go to `gone`.
class Simulation : public LedgerTest {
  protected:
    static constexpr Millis stale{30'000};

    void reset(std::uint64_t seed);
    void step();
    /// No more faults: new processes until a run of the pipeline has succeeded.
    void finish();
    void check_invariants();
    std::string recounted();

    bool has_succeeded() {
        return ask("SELECT EXISTS (SELECT FROM pagehaul.run WHERE state = 'succeeded')") == "t";
    }
    std::map<std::string, int> counters;  ///< how often each kind of step did something

  private:
    std::size_t random(std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(engine_);
    }
    bool chance(int percent) { return random(100) < static_cast<std::size_t>(percent); }
    void pass_time(Millis span);

    void start_one(const std::string& key);
    void start_that_dies_between_planning_statements();
    StartRequest asked_for(Process& process, const std::string& key);
    void make_target_anew();
    void abandon_something();
    void claim_some(Actor& actor);
    void prepare_commit(Actor& actor);
    void land(Actor& actor, bool lost);
    void set_back(Actor& actor);
    Setback too_large(const Claim& claim);
    void prove_one(Actor& actor, const Claim& claim);
    void work_on(Actor& actor);
    void crash(Actor& actor);
    void terminate(Actor& actor);
    void note_proofs(bool asked);
    /// Before a step that takes the lock exclusively: what would make it wait without being dead, ends.
    void land_what_lives();
    postgres::Connection open_for(const Process& process);
    template <class Work>
    void unblocked(Actor& actor, const Work& work);
    void give_way(Actor& actor);
    template <class Work>
    auto past_locks(Process& process, const Work& work);
    template <class Work>
    void as(Actor& actor, const Work& work);
    PageResult fetch(const Claim& claim);

    std::mt19937_64 engine_;
    MovingApi api_;
    std::vector<Actor> actors_;
    Millis now_{0};
    int workers_ = 0;
    int keys_ = 0;
    int drifts_left_ = 0;
    int target_ = 1;            ///< its identity
    int config_ = 1;            ///< its fingerprint
    bool window_slid_ = false;  ///< slices b and c instead of a and b
    std::map<std::int64_t, std::pair<std::string, std::int64_t>> seen_;  ///< page id -> state, epoch
    std::set<std::int64_t> proven_;                                      ///< slice ids
};

}  // namespace pagehaul::ledger::testing
