#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>

#include "cli/asking.h"
#include "core/duration_text.h"
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
    if (accept.total_pages) pages.pages = *accept.total_pages;
    if (accept.total_rows)
        pages.pages =
            std::max<std::int64_t>(1, source::pages_for(*accept.total_rows, source.pagination.size));
    return pages;
}

std::string number_or(const std::optional<std::int64_t>& number, const char* otherwise) {
    return number ? std::to_string(*number) : otherwise;
}

}  // namespace

ExitCode plan(const ConfigArguments& arguments) {
    const config::Config config = load_config(arguments);
    Setting setting;
    auto slices = source::expand_slices(config.source, system_clock().wall_now());
    if (!slices) throw Failure(slices.error());
    for (const std::string& warning : slices->warnings)
        std::cout << "left out: " << warning << '\n';
    Asking asking(config, setting);

    std::int64_t requests = 0;
    std::int64_t rows = 0;
    bool known = true;
    double latency = 0;
    std::printf("%-56s %12s %10s\n", "slice", "rows", "pages");
    for (const source::Slice& slice : slices->slices) {
        auto answer = asking.page(slice, 1);
        if (!answer) throw Failure(answer.error().kind, slice.key, answer.error().text());
        latency = std::max(latency, Seconds(asking.latency()).count());
        const SlicePages pages = pages_of(config.source, answer->first);
        known = known && pages.pages.has_value();
        rows += pages.rows.value_or(0);
        // Page 1 is asked for again by the proof; a slice of one page that is not full needs no proof
        // request.
        const std::int64_t count = pages.pages.value_or(1);
        requests += count + (count == 1 && answer->second.fetched < config.source.pagination.size ? 0 : 1);
        std::printf("%-56s %12s %10s\n", slice.key.c_str(), number_or(pages.rows, "not told").c_str(),
                    number_or(pages.pages, "not told").c_str());
    }
    std::printf("\n%zu slices, %s rows, %s%lld requests with the proofs\n", slices->slices.size(),
                known ? std::to_string(rows).c_str() : "an unknown number of", known ? "" : "at least ",
                static_cast<long long>(requests));
    const int in_flight = asking.sizing().in_flight_ceiling;
    const double by_latency = latency * static_cast<double>(requests) / std::max(1, in_flight);
    std::printf("about %s at %d requests in flight and %.0f ms a request, the slowest seen just now\n",
                forecast_text(Seconds(by_latency)).c_str(), in_flight, latency * 1000);
    if (config.source.limits.rate) {
        const double by_rate = static_cast<double>(requests) / config.source.limits.rate->per_second;
        std::printf("at least %s by source.limits.rate\n", forecast_text(Seconds(by_rate)).c_str());
    }
    std::printf("nothing was stored\n");
    return ExitCode::ok;
}

}  // namespace pagehaul::cli
