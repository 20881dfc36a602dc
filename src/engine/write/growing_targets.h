#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/shared/fetched_page.h"
#include "engine/write/targets.h"
#include "postgres/connection.h"
#include "sink/upsert.h"

namespace pagehaul::engine {

/// A writer's view of the targets: those of sink.undeclared: add_column get columns as fields come that none
/// reads, and each writer learns of them by itself.
class GrowingTargets {
  public:
    explicit GrowingTargets(const Targets& targets) : targets_(targets) {}

    /// Before the transaction that stores `pages`, in others: their undeclared fields have columns after it.
    /// Throws as sink::add_columns does.
    void make_room(postgres::Connection& connection, const std::vector<FetchedPage*>& pages);
    /// Of a target with an upsert.
    const sink::Upsert& upsert_of(const Targets::Target& target) const;

  private:
    struct Grown {
        std::vector<std::string> columns;
        std::optional<sink::Upsert> upsert;  ///< that fills them; none of a target whose rows are put aside
    };
    const Targets& targets_;
    std::map<std::string_view, Grown> grown_;  ///< by stream
};

}  // namespace pagehaul::engine
