#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>

#include "cli/asking.h"
#include "core/duration_text.h"
#include "core/printable.h"
#include "log/log.h"
#include "source/pagination.h"

namespace pagehaul::cli {
namespace {

using Seconds = std::chrono::duration<double>;

struct SlicePages {
    std::optional<std::int64_t> rows;
    std::optional<std::int64_t> pages;
};

SlicePages pages_of(const config::Source& source, const source::Accept& accept) {
    SlicePages pages;
    pages.rows = accept.total_rows;
    // What the last one tells is all that anybody knows of their number.
    if (config::is_linked(source.pagination.type)) return pages;
    if (accept.total_pages) pages.pages = *accept.total_pages;
    if (accept.total_rows)
        pages.pages =
            std::max<std::int64_t>(1, source::pages_for(*accept.total_rows, source.pagination.size));
    if (source::is_one_request(source.pagination) || accept.nothing || accept.more == false) pages.pages = 1;
    return pages;
}

/// Of all streams.
struct Planned {
    std::size_t slices = 0;
    std::int64_t requests = 0;
    std::int64_t rows = 0;
    bool known = true;
    double latency = 0;  ///< seconds, the longest
};

std::string number_or(const std::optional<std::int64_t>& number, const char* otherwise) {
    return number ? std::to_string(*number) : otherwise;
}

void plan_stream(const config::Stream& stream, Asking& asking, Planned& planned) {
    if (!stream.parent.empty()) {
        std::printf("%-56s %12s %10s\n", (stream.name + ", by the records of " + stream.parent).c_str(),
                    "not told", "not told");
        planned.known = false;
        return;
    }
    const config::Pagination& pagination = stream.source.pagination;
    auto slices = source::expand_slices(stream, system_clock().wall_now());
    if (!slices) throw Failure(slices.error());
    for (const std::string& warning : slices->warnings)
        std::cout << "left out: " << for_people(warning) << '\n';
    for (const source::Slice& slice : slices->slices) {
        auto answer = asking.page(slice, 1);
        if (!answer)
            throw Failure(answer.error().kind, printable(slice.key), printable(answer.error().text()));
        planned.latency = std::max(planned.latency, Seconds(asking.latency()).count());
        SlicePages pages = pages_of(stream.source, answer->first);
        // One answer is all of its slice.
        if (source::is_one_request(pagination)) pages.rows = answer->second.fetched;
        planned.known = planned.known && pages.pages.has_value();
        planned.rows += pages.rows.value_or(0);
        // Page 1 is asked for again by the proof; a slice of one page that is not full needs no proof
        // request.
        const std::int64_t count = pages.pages.value_or(1);
        const bool proves_itself =
            source::is_one_request(pagination) ||
            (config::is_linked(pagination.type) ? !answer->first.next || !pagination.total
                                                : count == 1 && answer->second.fetched < pagination.size);
        planned.requests += count + (proves_itself ? 0 : 1);
        std::printf("%-56s %12s %10s\n", for_people(slice.key).c_str(),
                    number_or(pages.rows, "not told").c_str(), number_or(pages.pages, "not told").c_str());
    }
    planned.slices += slices->slices.size();
}

}  // namespace

ExitCode plan(const ConfigArguments& arguments) {
    const config::Config config = load_config(arguments);
    Setting setting;
    Asking asking(config, setting);
    Planned planned;
    std::printf("%-56s %12s %10s\n", "slice", "rows", "pages");
    for (const config::Stream& stream : config.streams)
        plan_stream(stream, asking, planned);
    std::printf("\n%zu slices, %s rows, %s%lld requests with the proofs\n", planned.slices,
                planned.known ? std::to_string(planned.rows).c_str() : "an unknown number of",
                planned.known ? "" : "at least ", static_cast<long long>(planned.requests));
    const int in_flight = asking.sizing().in_flight_ceiling;
    const double by_latency =
        planned.latency * static_cast<double>(planned.requests) / std::max(1, in_flight);
    std::printf("about %s at %d requests in flight and %.0f ms a request, the slowest seen just now\n",
                forecast_text(Seconds(by_latency)).c_str(), in_flight, planned.latency * 1000);
    if (config.source.limits.rate) {
        const double by_rate = static_cast<double>(planned.requests) / config.source.limits.rate->per_second;
        std::printf("at least %s by source.limits.rate\n", forecast_text(Seconds(by_rate)).c_str());
    }
    std::printf("nothing was stored\n");
    return ExitCode::ok;
}

}  // namespace pagehaul::cli
