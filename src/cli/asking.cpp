#include "cli/asking.h"

#include "http/retry.h"
#include "machine/cgroup.h"

namespace pagehaul::cli {

Asking::Asking(const config::Config& config, Setting& setting)
    : config_(config),
      setting_(setting),
      metrics_(build_version()),
      sizing_(machine::plan_workers(machine::read_limits(machine::system_probe()), config)),
      context_{.config = config,
               .clock = system_clock(),
               .random = setting.random(),
               .stop = setting.stop(),
               .metrics = metrics_},
      kit_(context_, sizing_, http::Share::own),
      fetcher_(kit_.gate()) {}

Result<std::pair<source::Accept, record::DecodedPage>> Asking::page(const source::Slice& slice,
                                                                    std::int64_t no) {
    const Clock& clock = system_clock();
    Error last{ErrorKind::bug, "", ""};
    for (int attempt = 1; attempt <= config_.source.retry.attempts; ++attempt) {
        const MonoTime sent = clock.now();
        auto answer = fetcher_.ask(slice, no);
        std::optional<Millis> told;
        if (answer) {
            latency_ = clock.now() - sent;
            if (const auto* accept = std::get_if<source::Accept>(&answer->judgement)) {
                return std::pair{*accept, std::move(answer->page)};
            }
            if (const auto* refused = std::get_if<source::RefuseCredential>(&answer->judgement)) {
                return fail(ErrorKind::credential, "source.auth", refused->reason);
            }
            if (const auto* failure = std::get_if<source::Fail>(&answer->judgement)) {
                return fail(ErrorKind::permanent, "source", failure->reason);
            }
            if (const auto* split = std::get_if<source::Split>(&answer->judgement)) {
                return fail(ErrorKind::permanent, "source", split->reason + ": a run pulls its halves");
            }
            // A rule says that there is nothing: an empty slice.
            if (std::holds_alternative<source::End>(answer->judgement) ||
                std::holds_alternative<source::Skip>(answer->judgement)) {
                return std::pair{source::Accept{.nothing = true}, record::DecodedPage{}};
            }
            if (const auto* retry = std::get_if<source::Retry>(&answer->judgement)) {
                last = {ErrorKind::transient, "source", retry->reason};
                told = retry->pause;
                if (retry->unexplained && attempt > source::unexplained_retries)
                    return fail(ErrorKind::permanent, "source", retry->reason);
            }
            if (const auto* throttle = std::get_if<source::Throttle>(&answer->judgement)) {
                last = {ErrorKind::throttled, "source", throttle->reason};
                told = throttle->pause;
            }
        } else {
            last = answer.error();
            if (last.kind != ErrorKind::transient && last.kind != ErrorKind::throttled)
                return tl::unexpected<Error>(last);
        }
        const Millis own = http::delay(attempt, config_.source.retry, setting_.random());
        const http::Pause pause = http::pause_for(told, own, config_.source.limits.max_pause);
        if (pause.asked_too_much) {
            last.message += http::asked_too_much_text(*told, config_.source.limits.max_pause);
            return tl::unexpected<Error>(last);
        }
        if (attempt < config_.source.retry.attempts &&
            !clock.wait_until(clock.now() + pause.span, setting_.stop().no_new_work_token())) {
            return fail(ErrorKind::cancelled, "", "stopped");
        }
    }
    return tl::unexpected<Error>(last);
}

}  // namespace pagehaul::cli
