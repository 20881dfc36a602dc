#pragma once

#include <optional>
#include <string>

#include "core/clock.h"
#include "core/mutex.h"
#include "http/retry.h"

namespace pagehaul::engine {

struct SourceHealthOptions {
    Nanos silence{30'000'000'000};     ///< failures without a success for this long: the source is down
    Nanos patience{600'000'000'000};   ///< `run.patience`, from the first of those failures: given up
    Nanos probe_pause{1'000'000'000};  ///< between the end of a probe and the next one
    int doubt_after = 16;              ///< failures in a row from which none counts, see below
};

enum class SourceState {
    up,
    down,      ///< nothing but probes, one at a time
    given_up,  ///< 69
};

/// Whether the source answers at all: src/engine/README.md, "Outcomes". Only transient failures and throttled
/// answers come here; a permanent one is an answer, hence a success. No clock of its own; thread-safe.
///
/// A failed attempt counts against its page only while others succeed: while the last success is younger than
/// `silence`, and fewer than `doubt_after` failures came since. (Without the second rule a page could use up
/// all its attempts in the first 30 s of an outage.) With a patience shorter than two silences the silence is
/// half of it, so that a probe is always tried before giving up.
class SourceHealth {
  public:
    explicit SourceHealth(const SourceHealthOptions& options) : options_(options) {}

    /// Any answer, a probe's too. The source is up.
    void on_success(MonoTime now);
    /// @return whether it counts as an attempt of its page. For a request that was not a probe.
    bool on_failure(MonoTime now, std::string cause = {});
    /// Counts for no page. The first pause is waited for before it counts against the source's patience; a
    /// source that asks for more than we may wait is down at once.
    void on_throttled(MonoTime now, const http::Pause& pause, std::string cause = {});

    SourceState state(MonoTime now) const;
    /// Since when no request has succeeded, while failing.
    std::optional<MonoTime> failing_since() const;
    /// What the source did last, while failing, was to throttle.
    bool throttles() const;
    /// Of the last failure since the last success.
    std::string last_cause() const;

    /// Down, no probe under way and the pause over: the caller sends one and reports it by on_success or
    /// on_probe_failure; a probe that was cancelled is a failed one.
    bool begin_probe(MonoTime now);
    void on_probe_failure(MonoTime now, std::string cause = {});
    /// When to ask begin_probe again; nothing while up or while a probe is under way.
    std::optional<MonoTime> next_probe_at(MonoTime now) const;

  private:
    SourceState state_locked(MonoTime now) const PAGEHAUL_REQUIRES(mutex_);
    Nanos silence() const;

    const SourceHealthOptions options_;
    mutable Mutex mutex_;
    std::optional<MonoTime> last_success_ PAGEHAUL_GUARDED_BY(mutex_);
    std::optional<MonoTime> failing_since_ PAGEHAUL_GUARDED_BY(mutex_);
    int failures_ PAGEHAUL_GUARDED_BY(mutex_) = 0;        ///< since the last success
    bool throttles_ PAGEHAUL_GUARDED_BY(mutex_) = false;  ///< the last answer
    std::string last_cause_ PAGEHAUL_GUARDED_BY(mutex_);
    bool asks_too_much_ PAGEHAUL_GUARDED_BY(mutex_) = false;  ///< since the last success
    bool probing_ PAGEHAUL_GUARDED_BY(mutex_) = false;
    std::optional<MonoTime> last_probe_ PAGEHAUL_GUARDED_BY(mutex_);  ///< its end
};

}  // namespace pagehaul::engine
