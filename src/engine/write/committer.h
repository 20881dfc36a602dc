#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/shared/context.h"
#include "engine/shared/fetched_page.h"
#include "engine/shared/session.h"
#include "engine/write/growing_targets.h"
#include "engine/write/key_forecast.h"
#include "engine/write/targets.h"
#include "sink/target.h"

namespace pagehaul::engine {

/// Stores batches of pages: src/ledger/README.md, "A commit". One a writer thread.
class Committer {
  public:
    Committer(Context& context, const Targets& targets, SessionOptions options)
        : context_(context),
          targets_(targets),
          growing_(targets),
          session_(std::move(options), context.clock, context.random) {}

    /// Connects before there is anything to store: Session::open.
    std::optional<postgres::SqlError> open(std::stop_token stop, const std::function<bool()>& spared) {
        return session_.open(std::move(stop), spared);
    }

    /// Stores every page of the batch that is still ours, once, or throws Failure: fenced when the lock is
    /// lost, transient when the database stayed down beyond the patience, cancelled when `stop` ends a pause,
    /// data or config when the target refuses what no row of the page explains.
    /// @return what has gathered meanwhile behind pages of chains
    std::vector<FetchedPage> commit(std::vector<FetchedPage> batch, std::stop_token stop);

  private:
    using Pages = std::vector<FetchedPage*>;
    void store(Pages pages, std::stop_token stop);
    /// `attempt`, one transaction that stores `pages`, until they are stored; those that a lost answer turns
    /// out to have stored, or that are not ours any more, leave `pages`.
    void transact(Pages& pages, std::stop_token stop,
                  const std::function<void(telemetry::CommitTrace&)>& attempt);
    void store_once(postgres::Connection& connection, const Pages& pages, telemetry::CommitTrace& trace);
    /// Those of some pages that are still ours, locked.
    struct Batch {
        Pages pages;
        std::vector<const ledger::PageResult*> results;
        /// What one table gets of them.
        struct Rows {
            const Targets::Target* target = nullptr;
            std::vector<const FetchedPage*> pages{};
            std::int64_t count = 0;
        };
        std::vector<Rows> rows;  ///< in the order of Targets::all; only where there are some
    };
    using Streams = std::set<std::string_view>;
    /// Stores the batch's rows; `made`: the streams whose staging tables are there. @return how many were new
    /// or changed
    std::int64_t store_rows(postgres::Connection& connection, const Pages& pages, Batch& batch,
                            const Streams& made);
    /// nullopt: some key was there already, and the transaction is rolled back: all of it again.
    std::optional<std::int64_t> store_rows(postgres::Connection& connection, const Batch::Rows& rows,
                                           const Streams& made);
    /// Rows to where they wait for their slice's proof.
    void put_aside(postgres::Connection& connection, const Batch::Rows& rows) const;
    /// One row of a page, as either of these. @return rows changed
    std::int64_t store_row(postgres::Connection& connection, const FetchedPage& page,
                           std::string_view line) const;
    /// Opens the transaction, or throws Failure(fenced).
    Batch begin(postgres::Connection& connection, const Pages& pages) const;
    /// What became of `pages` after a lost COMMIT answer: those to do again.
    Pages resolve(postgres::Connection& connection, const Pages& pages);
    void salvage(FetchedPage& page, std::stop_token stop);
    /// The pages are committed: their chains go on with the heads that the transaction leased, or end.
    void lead_on(const Pages& committed);
    telemetry::CommitTrace begin_trace(const Pages& pages) const;
    void count(const Pages& stored, std::int64_t changed);

    Context& context_;
    const Targets& targets_;
    GrowingTargets growing_;
    Session session_;
    std::map<std::string_view, KeyForecast> forecasts_;  ///< by stream
    std::vector<ledger::Claim> heads_;  ///< that the last transaction leased; ours once it is committed
    MonoTime asked_{};                  ///< when that was asked
    Streams staging_made_;              ///< whose staging tables are on the session's connection
    Streams staged_;                    ///< what this transaction has staged
};

/// Whether two staged rows of the batch may have the same key: their hashes are equal. Pure.
bool keys_may_repeat(const std::vector<const ledger::PageResult*>& pages);

}  // namespace pagehaul::engine
