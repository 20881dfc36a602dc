#include "engine/shared/slice_news.h"

#include <utility>

#include "log/log.h"

namespace pagehaul::engine {

using Became = ledger::SliceNews::Became;

void tell_of(telemetry::Tracer* tracer, const std::string& slice, int pass, Became became,
             const std::string& why) {
    const std::initializer_list<log::Field> fields = {{"slice", slice}, {"pass", pass}, {"cause", why}};
    switch (became) {
        case Became::failed:
            log::error("slice failed", fields);
            if (tracer != nullptr) tracer->slice_ended(slice, telemetry::SliceEnd::failed, why);
            break;
        case Became::again:
            log::warn("the API moved while it was read", fields);
            if (tracer != nullptr) tracer->slice_moved(slice, pass, why);
            break;
        case Became::split:
            log::info("slice split, its halves are pulled in its place", fields);
            if (tracer != nullptr) tracer->slice_ended(slice, telemetry::SliceEnd::split, why);
            break;
    }
}

void ProofNews::tell(const Context& context, const std::vector<ProofDone>& proofs,
                     const std::vector<std::optional<ledger::ProofVerdict>>& verdicts) {
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        const ProofDone& done = proofs[i];
        const std::optional<ledger::ProofVerdict>& verdict = verdicts[i];
        if (!verdict) continue;
        if (const auto* moved = std::get_if<ledger::Moved>(&*verdict)) {
            tell_of(context.tracer, done.claim.slice_key, done.claim.pass, Became::again, moved->why);
        } else if (const auto* refuted = std::get_if<ledger::Refuted>(&*verdict)) {
            tell_of(context.tracer, done.claim.slice_key, done.claim.pass, Became::failed, refuted->why);
        } else {
            tell_end_not_shown(done);
            log::debug("slice proven", {{"slice", done.claim.slice_key}, {"pass", done.claim.pass}});
            if (context.tracer != nullptr)
                context.tracer->slice_ended(done.claim.slice_key, telemetry::SliceEnd::proven, {});
        }
    }
}

void ProofNews::tell_end_not_shown(const ProofDone& done) {
    if (done.reading.end_refused.empty() || std::exchange(end_not_shown_told_, true)) return;
    log::warn(
        "the end was not shown",
        {{"slice", done.claim.slice_key}, {"pass", done.claim.pass}, {"cause", done.reading.end_refused}});
}

}  // namespace pagehaul::engine
