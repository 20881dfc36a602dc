#pragma once

#include <librdkafka/rdkafkacpp.h>

#include <optional>

#include "core/clock.h"
#include "core/error.h"

namespace pagehaul::queue::kafka {

/// What the library tells besides answers: its log lines, which go to ours, and its errors. It connects on
/// its own, for ever, so that a wrong password and a broker that is away show here alone. Log lines come from
/// any thread; the rest belongs to the thread that serves the handle.
class Events : public RdKafka::EventCb {
  public:
    explicit Events(const Clock& clock) : clock_(clock) {}

    void event_cb(RdKafka::Event& event) override;
    /// For another handle.
    void forget();

    /// Throws what trying again does not mend.
    void throw_if_grave() const;
    /// Of a broker that does not answer: why, as far as it is known.
    Failure no_answer(const std::string& what) const;

    /// Since when no broker is connected, as the library says; what it does not say is when one is again.
    std::optional<MonoTime> away_since() const { return away_since_; }
    void there_again();

  private:
    const Clock& clock_;
    std::optional<Error> trouble_;  ///< the gravest, of equals the latest
    std::optional<MonoTime> away_since_;
};

}  // namespace pagehaul::queue::kafka
