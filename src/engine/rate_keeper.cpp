#include "engine/rate_keeper.h"

#include <algorithm>
#include <utility>

namespace pagehaul::engine {
namespace {

using Need = http::RateLimiter::Need;

http::BudgetTime budget_time(ledger::Micros since_epoch) {
    return http::BudgetTime(since_epoch);
}

/// `now`: a pause ends that much later.
ledger::BudgetAsk ask_for(const Need& need, MonoTime now) {
    ledger::BudgetAsk ask{.slots = need.slots,
                          .span = std::chrono::ceil<ledger::Micros>(need.span),
                          .tolerance = std::chrono::floor<ledger::Micros>(need.tolerance)};
    if (need.told) ask.pause = std::chrono::ceil<ledger::Micros>(std::max(*need.told - now, Nanos{0}));
    return ask;
}

}  // namespace

http::HeardPause shared_pause(const ledger::SharedPause& pause) {
    return {.until = budget_time(pause.until), .now = budget_time(pause.now)};
}

void keep_budget(Context& context, http::RateLimiter& limiter, const Need& need, Session& session,
                 std::stop_token stop) {
    ledger::BudgetAnswer answer;
    MonoTime sent;
    MonoTime received;
    session.run(stop, [&](postgres::Connection& connection) {
        sent = context.clock.now();
        answer = ledger::ask_budget(connection, context.scope, ask_for(need, sent));
        received = context.clock.now();
    });
    limiter.supply(need,
                   {.from = budget_time(answer.from),
                    .slots = need.slots,
                    .handed = answer.handed,
                    .pause = shared_pause(answer.pause)},
                   sent, received);
}

RateKeeper::RateKeeper(Context& context, http::RateLimiter& limiter, SessionOptions session)
    : context_(context),
      limiter_(limiter),
      session_(std::move(session), context.clock, context.random),
      wake_(context.clock) {
    limiter_.on_need([this] { wake_.set(); });
}

void RateKeeper::work(std::stop_token over) {
    // Open before the first request waits for it.
    session_.run(over, [](postgres::Connection&) {});
    while (!over.stop_requested()) {
        const Need need = limiter_.need();
        if (need.at <= context_.clock.now())
            keep_budget(context_, limiter_, need, session_, over);
        else
            wake_.wait_until(need.at, over);
    }
}

}  // namespace pagehaul::engine
