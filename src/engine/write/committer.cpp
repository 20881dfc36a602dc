#include "engine/write/committer.h"

#include <algorithm>
#include <utility>

#include "core/fault.h"
#include "engine/shared/job_log.h"
#include "engine/write/salvage.h"
#include "ledger/commit.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

std::vector<ledger::Claim> claims_of(const std::vector<FetchedPage*>& pages) {
    std::vector<ledger::Claim> claims;
    claims.reserve(pages.size());
    for (const FetchedPage* page : pages)
        claims.push_back(page->result.claim);
    return claims;
}

}  // namespace

bool keys_may_repeat(const std::vector<const ledger::PageResult*>& pages) {
    std::vector<std::int64_t> hashes;
    for (const ledger::PageResult* page : pages) {
        hashes.insert(hashes.end(), page->key_hashes.begin(), page->key_hashes.end());
    }
    std::sort(hashes.begin(), hashes.end());
    return std::adjacent_find(hashes.begin(), hashes.end()) != hashes.end();
}

void Committer::commit(std::vector<FetchedPage> batch, std::stop_token stop) {
    Pages pages;
    pages.reserve(batch.size());
    for (FetchedPage& page : batch)
        pages.push_back(&page);
    try {
        store(std::move(pages), stop);
    } catch (const postgres::SqlError& failure) {
        if (!failure.is_unique_violation()) throw;
        throw Failure(ErrorKind::data, "sink.key",
                      "another unique index of the table refuses rows that differ in the key: " +
                          failure.error().text());
    }
    for (const FetchedPage& page : batch)
        context_.held.remove(page.result.claim.page_id);
    context_.wake.set();
}

void Committer::store(Pages pages, std::stop_token stop) {
    try {
        transact(pages, stop, [&](telemetry::CommitTrace& trace) {
            const MonoTime began = context_.clock.now();
            store_once(session_.connection(), pages, trace);
            context_.metrics.commit_done(context_.clock.now() - began);
        });
    } catch (const postgres::SqlError& failure) {
        if (!failure.is_data() || failure.is_unique_violation()) throw;
        if (pages.size() == 1) return salvage(*pages.front(), stop);
        for (FetchedPage* page : pages)
            store({page}, stop);
    }
}

void Committer::transact(Pages& pages, std::stop_token stop,
                         const std::function<void(telemetry::CommitTrace&)>& attempt) {
    session_.transact(
        stop,
        [&] {
            telemetry::CommitTrace trace = begin_trace(pages);
            try {
                attempt(trace);
            } catch (const postgres::SqlError& failure) {
                trace.failed(failure.error(), failure.sqlstate());
                if (failure.error().kind == ErrorKind::in_doubt)
                    log::warn("the answer to COMMIT was lost, asking the ledger", {{"pages", pages.size()}});
                throw;
            }
        },
        [&](postgres::Connection& connection) {
            pages = resolve(connection, pages);
            return pages.empty();
        });
}

telemetry::CommitTrace Committer::begin_trace(const Pages& pages) const {
    if (context_.tracer == nullptr) return {};
    std::vector<telemetry::SpanId> spans;
    spans.reserve(pages.size());
    for (const FetchedPage* page : pages)
        spans.push_back(page->span);
    return context_.tracer->commit(std::move(spans));
}

void Committer::store_once(postgres::Connection& connection, const Pages& pages,
                           telemetry::CommitTrace& trace) {
    // Whatever goes wrong, the connection may be another one next time.
    const bool staging_is_made = std::exchange(staging_is_made_, false);
    bool staged = false;
    Batch batch = begin(connection, pages);
    std::int64_t changed = 0;
    const bool may_repeat = keys_may_repeat(batch.results);
    if (!batch.blocks.empty()) {
        bool is_new = !may_repeat && forecast_.all_new_expected();
        if (is_new && !upsert_.insert_new(connection, batch.blocks)) {
            forecast_.tried_in_vain();
            is_new = false;
            batch = begin(connection, pages);
        }
        if (is_new) {
            changed = batch.rows;
        } else {
            upsert_.stage(connection, batch.blocks, staging_is_made);
            staged = true;
            changed =
                upsert_.merge(connection, {.repeats = may_repeat, .known = forecast_.some_known_expected()});
            forecast_.merged(changed == batch.rows);
        }
    }
    if (!batch.results.empty()) ledger::complete(connection, context_.scope, context_.policy, batch.results);
    fault_point("before_commit");
    connection.commit();
    fault_point("after_commit");
    staging_is_made_ = staging_is_made || (staged && upsert_.keeps_staging());
    trace.stored(batch.pages.size(), changed);
    count(batch.pages, changed);
}

Committer::Batch Committer::begin(postgres::Connection& connection, const Pages& pages) const {
    const auto ours = ledger::begin_commit(connection, context_.scope, claims_of(pages));
    if (!ours) throw Failure(ErrorKind::fenced, "", "another run owns the pipeline now");
    Batch batch;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        if (!(*ours)[i]) continue;
        batch.pages.push_back(pages[i]);
        batch.results.push_back(&pages[i]->result);
        batch.rows += pages[i]->result.stored;
        if (!pages[i]->copy.empty()) batch.blocks.emplace_back(pages[i]->copy);
    }
    return batch;
}

Committer::Pages Committer::resolve(postgres::Connection& connection, const Pages& pages) {
    const std::vector<ledger::Resolution> resolutions =
        ledger::resolve(connection, context_.scope, claims_of(pages));
    Pages again;
    Pages committed;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        switch (resolutions[i]) {
            case ledger::Resolution::committed:
                committed.push_back(pages[i]);
                break;
            case ledger::Resolution::again:
                again.push_back(pages[i]);
                break;
            case ledger::Resolution::fenced:
                break;
        }
    }
    // How many of these rows changed is not known any more: 0 is what was seen.
    count(committed, 0);
    return again;
}

void Committer::salvage(FetchedPage& page, std::stop_token stop) {
    Pages left{&page};
    transact(left, stop, [&](telemetry::CommitTrace& trace) {
        trace.row_by_row();
        const auto changed = salvage_page(session_.connection(), context_, upsert_, page);
        if (changed) count(left, *changed);
    });
}

void Committer::count(const Pages& stored, std::int64_t changed) {
    Tallies& tallies = context_.tallies;
    // Page 1 plans the others; where no total is told, any page may move the window.
    const bool plans = context_.policy.total == ledger::Policy::Known::nothing ||
                       std::any_of(stored.begin(), stored.end(),
                                   [](const FetchedPage* page) { return page->result.claim.no == 1; });
    if (plans) ++tallies.commits_that_plan;
    tallies.rows_changed += changed;
    for (const FetchedPage* page : stored) {
        const ledger::PageResult& result = page->result;
        ++tallies.pages_stored;
        tallies.rows_fetched += result.fetched;
        tallies.rows_stored += result.stored;
        tallies.rows_duplicate += result.duplicates;
        tallies.rows_quarantined += static_cast<std::int64_t>(result.bad.size());
        if (!log::enabled(log::Level::debug)) continue;  // the fields would be made for each page
        log_job(log::Level::debug, "page stored", result.claim, page->span,
                {{"rows", result.stored}, {"quarantined", result.bad.size()}});
    }
}

}  // namespace pagehaul::engine
