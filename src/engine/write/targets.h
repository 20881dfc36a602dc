#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "ledger/types.h"
#include "sink/staging.h"
#include "sink/upsert.h"

namespace pagehaul::engine {

/// Where rows wait for the proof of their slice, of a mode that wants that.
std::optional<sink::Staging> staging_of(const ledger::Scope& scope, const config::Sink& sink);

/// The tables that a run's streams fill. Const, shared by all writers; the config outlives it.
class Targets {
  public:
    struct Target {
        std::string_view stream;
        const config::Sink& sink;
        std::optional<sink::Upsert> upsert{};    ///< rows go into the table with their page
        std::optional<sink::Staging> staging{};  ///< or wait for their slice's proof; neither: are not stored
        bool checks = false;                     ///< as Upsert's
        int nth = 1;                             ///< as Upsert's
    };

    /// @param scope of the run
    /// @param row_triggers the streams of which sink::has_row_triggers
    Targets(const std::vector<config::Stream>& streams, const ledger::Scope& scope,
            const std::set<std::string>& row_triggers);
    /// Of a run of one stream, which has no name.
    explicit Targets(const config::Sink& sink, std::optional<sink::Staging> staging = std::nullopt);

    /// Throws Failure (a bug) where there is none.
    const Target& of(std::string_view stream) const;
    /// In the order in which every writer comes to them: of two that meet in two tables, none waits for the
    /// other in a circle.
    const std::vector<Target>& all() const { return all_; }
    /// A target's upsert that also fills the columns `added` (sink/added_columns.h).
    sink::Upsert upsert_with(const Target& target, const std::vector<std::string>& added) const;

  private:
    std::vector<Target> all_;
};

}  // namespace pagehaul::engine
