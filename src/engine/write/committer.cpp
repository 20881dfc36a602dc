#include "engine/write/committer.h"

#include <algorithm>
#include <utility>

#include "core/fault.h"
#include "engine/shared/chain.h"
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

/// Of the last pages of a slice, which others of it may outrun.
bool may_finish(const ledger::Claim& claim) {
    constexpr std::int64_t last_ones = 32;
    return claim.planned > 0 && claim.no > claim.planned - last_ones;
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

std::vector<FetchedPage> Committer::commit(std::vector<FetchedPage> batch, std::stop_token stop) {
    Pages pages;
    pages.reserve(batch.size());
    for (FetchedPage& page : batch) {
        pages.push_back(&page);
        for (FetchedPage& follower : page.followers)
            pages.push_back(&follower);
    }
    try {
        store(pages, stop);
    } catch (const postgres::SqlError& failure) {
        if (!failure.is_unique_violation()) throw;
        throw Failure(ErrorKind::data, "sink.key",
                      "another unique index of the table refuses rows that differ in the key: " +
                          failure.error().text());
    }
    std::vector<FetchedPage> gathered;
    for (FetchedPage& page : batch) {
        if (!page.chain) continue;
        const FetchedPage& last = page.followers.empty() ? page : page.followers.back();
        // Not led on behind all of them: the lease is lost.
        const auto head = page.chain->head();
        if (head && head->no <= last.result.claim.no) page.chain->end();
        if (auto next = page.chain->next()) gathered.push_back(std::move(*next));
    }
    for (const FetchedPage* page : pages)
        if (page->result.claim.has_row()) context_.held.remove(page->result.claim.page_id);
    context_.wake.set();
    return gathered;
}

void Committer::lead_on(const Pages& committed) {
    for (const FetchedPage* page : committed) {
        if (!page->chain) continue;
        const ledger::Claim& claim = page->result.claim;
        const bool is_last = std::none_of(committed.begin(), committed.end(), [&](const FetchedPage* other) {
            return other->chain == page->chain && other->result.claim.follows(claim);
        });
        if (!is_last) continue;
        const auto head = std::find_if(heads_.begin(), heads_.end(),
                                       [&](const ledger::Claim& one) { return one.follows(claim); });
        if (head == heads_.end()) {
            page->chain->end();
            continue;
        }
        // Before the lease before it is let go of: a process with a chain in hand is never without any.
        context_.held.add(head->page_id, asked_);
        page->chain->lead(*head);
    }
    heads_.clear();
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
        for (FetchedPage* page : pages) {
            // One that had no row of its own has one by now, unless the page before it is not ours any more.
            ledger::Claim& claim = page->result.claim;
            if (!claim.has_row()) {
                const auto head = page->chain->head();
                if (!head || head->no != claim.no) continue;
                claim = *head;
            }
            store({page}, stop);
        }
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

std::optional<std::int64_t> Committer::store_rows(postgres::Connection& connection, const Batch::Rows& rows,
                                                  const Streams& made) {
    if (rows.target->staging) {
        put_aside(connection, rows);
        return 0;
    }
    const std::string_view stream = rows.target->stream;
    const sink::Upsert& upsert = growing_.upsert_of(*rows.target);
    KeyForecast& forecast = forecasts_[stream];
    std::vector<const ledger::PageResult*> results;
    std::vector<std::string_view> blocks;
    for (const FetchedPage* page : rows.pages) {
        results.push_back(&page->result);
        blocks.emplace_back(page->copy);
    }
    const bool may_repeat = keys_may_repeat(results);
    if (!may_repeat && upsert.may_copy() && forecast.all_new_expected()) {
        if (upsert.insert_new(connection, blocks)) return rows.count;
        forecast.tried_in_vain();
        return std::nullopt;
    }
    upsert.stage(connection, blocks, made.contains(stream));
    staged_.insert(stream);
    const std::int64_t changed =
        upsert.merge(connection, {.repeats = may_repeat, .known = forecast.some_known_expected()});
    forecast.merged(changed == rows.count);
    return changed;
}

void Committer::put_aside(postgres::Connection& connection, const Batch::Rows& rows) const {
    const auto pass_of = [](const FetchedPage& page) {
        return sink::Pass{.slice = page.result.claim.slice_id, .pass = page.result.claim.pass};
    };
    std::vector<const FetchedPage*> by_pass = rows.pages;
    std::stable_sort(by_pass.begin(), by_pass.end(),
                     [&](const FetchedPage* a, const FetchedPage* b) { return pass_of(*a) < pass_of(*b); });
    for (auto first = by_pass.begin(); first != by_pass.end();) {
        const sink::Pass pass = pass_of(**first);
        std::vector<std::string_view> blocks;
        for (; first != by_pass.end() && pass_of(**first) == pass; ++first)
            blocks.emplace_back((*first)->copy);
        rows.target->staging->stage(connection, pass, blocks);
    }
}

std::int64_t Committer::store_rows(postgres::Connection& connection, const Pages& pages, Batch& batch,
                                   const Streams& made) {
    std::int64_t changed = 0;
    for (std::size_t i = 0; i < batch.rows.size();) {
        if (const auto stored = store_rows(connection, batch.rows[i], made)) {
            changed += *stored;
            ++i;
            continue;
        }
        // What was stored before it is rolled back, too.
        batch = begin(connection, pages);
        staged_.clear();
        changed = 0;
        i = 0;
    }
    return changed;
}

void Committer::store_once(postgres::Connection& connection, const Pages& pages,
                           telemetry::CommitTrace& trace) {
    // Whatever goes wrong, the connection may be another one next time.
    const Streams made = std::exchange(staging_made_, {});
    staged_.clear();
    growing_.make_room(connection, pages);
    Batch batch = begin(connection, pages);
    const std::int64_t changed = store_rows(connection, pages, batch, made);
    if (sabotaged("ledger_apart")) {
        connection.commit();
        connection.begin();
    }
    asked_ = context_.clock.now();
    heads_ = ledger::complete(connection, context_.scope, context_.policies, batch.results);
    fault_point("before_commit");
    connection.commit();
    fault_point("after_commit");
    staging_made_ = made;
    for (const std::string_view stream : staged_)
        if (targets_.of(stream).upsert->keeps_staging()) staging_made_.insert(stream);
    trace.stored(batch.pages.size(), changed);
    count(batch.pages, changed);
    lead_on(batch.pages);
}

Committer::Batch Committer::begin(postgres::Connection& connection, const Pages& pages) const {
    const auto ours = ledger::begin_commit(connection, context_.scope, claims_of(pages));
    if (!ours) throw Failure(ErrorKind::fenced, "", "another run owns the pipeline now");
    Batch batch;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        if (!(*ours)[i]) continue;
        batch.pages.push_back(pages[i]);
        batch.results.push_back(&pages[i]->result);
    }
    for (const Targets::Target& target : targets_.all()) {
        if (!target.upsert && !target.staging) continue;
        Batch::Rows rows{.target = &target};
        for (const FetchedPage* page : batch.pages) {
            if (page->result.claim.stream != target.stream || page->copy.empty()) continue;
            rows.pages.push_back(page);
            rows.count += page->result.stored;
        }
        if (!rows.pages.empty()) batch.rows.push_back(std::move(rows));
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
    lead_on(committed);
    return again;
}

void Committer::salvage(FetchedPage& page, std::stop_token stop) {
    Pages left{&page};
    transact(left, stop, [&](telemetry::CommitTrace& trace) {
        trace.row_by_row();
        asked_ = context_.clock.now();
        growing_.make_room(session_.connection(), left);
        const auto changed = salvage_page(
            session_.connection(), context_, targets_.of(page.result.claim.stream).sink,
            [&](postgres::Connection& connection, std::string_view line) {
                return store_row(connection, page, line);
            },
            page, heads_);
        if (!changed) return;
        count(left, *changed);
        lead_on(left);
    });
}

std::int64_t Committer::store_row(postgres::Connection& connection, const FetchedPage& page,
                                  std::string_view line) const {
    const Targets::Target& target = targets_.of(page.result.claim.stream);
    if (target.staging) {
        target.staging->stage(connection,
                              {.slice = page.result.claim.slice_id, .pass = page.result.claim.pass}, {line});
        return 0;
    }
    const sink::Upsert& upsert = growing_.upsert_of(target);
    upsert.stage(connection, {line});
    const std::int64_t changed = upsert.merge(connection, {});
    upsert.clear(connection);
    return changed;
}

void Committer::count(const Pages& stored, std::int64_t changed) {
    Tallies& tallies = context_.tallies;
    // Page 1 plans the others; where no total is told, any page may move the window. A chain's last page
    // leaves its proof to be asked for. Records of some streams make slices of others.
    const bool plans = std::any_of(stored.begin(), stored.end(), [&](const FetchedPage* page) {
        const ledger::PageResult& result = page->result;
        const ledger::Policy& policy = context_.policies.of(result.claim.stream);
        if (!result.children.empty()) return true;
        if (policy.linked) return !result.next || result.moved;
        return policy.total == ledger::Policy::Known::nothing || result.claim.no == 1;
    });
    if (plans) ++tallies.commits_that_plan;
    if (std::any_of(stored.begin(), stored.end(), [&](const FetchedPage* page) {
            return context_.policies.of(page->result.claim.stream).publishes &&
                   may_finish(page->result.claim);
        }))
        ++tallies.commits_that_finish;
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
