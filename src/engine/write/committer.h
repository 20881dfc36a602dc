#pragma once

#include <functional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "engine/shared/context.h"
#include "engine/shared/fetched_page.h"
#include "engine/shared/session.h"
#include "engine/write/key_forecast.h"
#include "sink/target.h"
#include "sink/upsert.h"

namespace pagehaul::engine {

/// Stores batches of pages: src/ledger/README.md, "A commit". One a writer thread.
class Committer {
  public:
    Committer(Context& context, const sink::Upsert& upsert, SessionOptions options)
        : context_(context), upsert_(upsert), session_(std::move(options), context.clock, context.random) {}

    /// Stores every page of the batch that is still ours, once, or throws Failure: fenced when the lock is
    /// lost, transient when the database stayed down beyond the patience, cancelled when `stop` ends a pause,
    /// data or config when the target refuses what no row of the page explains.
    void commit(std::vector<FetchedPage> batch, std::stop_token stop);

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
        std::vector<std::string_view> blocks;
        std::int64_t rows = 0;
    };
    /// Opens the transaction, or throws Failure(fenced).
    Batch begin(postgres::Connection& connection, const Pages& pages) const;
    /// What became of `pages` after a lost COMMIT answer: those to do again.
    Pages resolve(postgres::Connection& connection, const Pages& pages);
    void salvage(FetchedPage& page, std::stop_token stop);
    telemetry::CommitTrace begin_trace(const Pages& pages) const;
    void count(const Pages& stored, std::int64_t changed);

    Context& context_;
    const sink::Upsert& upsert_;
    Session session_;
    KeyForecast forecast_;
    bool staging_is_made_ = false;  ///< on the session's connection
};

/// Whether two staged rows of the batch may have the same key: their hashes are equal. Pure.
bool keys_may_repeat(const std::vector<const ledger::PageResult*>& pages);

}  // namespace pagehaul::engine
