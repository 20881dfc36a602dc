#pragma once

#include "cli/setting.h"
#include "engine/fetch/fetcher.h"
#include "engine/fetch/source_kit.h"
#include "machine/sizing.h"
#include "source/slices.h"

namespace pagehaul::cli {

/// Asks the source outside a run, for `plan` and `check`: the same requests, limits and judgements, nothing
/// stored.
class Asking {
  public:
    Asking(const config::Config& config, Setting& setting);

    /// Page `no` of a slice: its totals and rows. What is not an accepted page is a failure that says why;
    /// throttled and transient answers are tried again as source.retry says.
    Result<std::pair<source::Accept, record::DecodedPage>> page(const source::Slice& slice, std::int64_t no);
    const machine::Sizing& sizing() const { return sizing_; }
    /// Of the last answer.
    Nanos latency() const { return latency_; }

  private:
    const config::Config& config_;
    Setting& setting_;
    telemetry::Metrics metrics_;
    machine::Sizing sizing_;
    engine::Context context_;
    engine::SourceKit kit_;
    engine::Fetcher fetcher_;
    Nanos latency_{0};
};

}  // namespace pagehaul::cli
