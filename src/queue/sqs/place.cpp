#include "queue/sqs/place.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "http/url.h"

namespace pagehaul::queue::sqs {
namespace {

bool is_of_aws(std::string_view host) {
    static constexpr std::array<std::string_view, 4> domains = {".amazonaws.com", ".amazonaws.com.cn",
                                                                ".api.aws", ".api.amazonwebservices.com.cn"};
    return std::any_of(domains.begin(), domains.end(),
                       [&](std::string_view domain) { return host.ends_with(domain); });
}

std::string region_in(std::string_view host) {
    std::string before;
    while (!host.empty()) {
        std::string label(host.substr(0, host.find('.')));
        if (before == "sqs" || before == "sqs-fips") return label;
        host.remove_prefix(std::min(label.size() + 1, host.size()));
        before = std::move(label);
    }
    return {};
}

}  // namespace

Place place_of(const config::Sqs& config, const http::Environment& environment) {
    const Result<http::Url> url = http::parse_url(config.url);
    if (!url) throw Failure(url.error());
    Place place{.origin = url->origin(), .host = {}, .region = config.region};
    place.host = place.origin.substr(place.origin.find("://") + 3);
    if (place.region.empty() && is_of_aws(url->host)) place.region = region_in(url->host);
    for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
        if (place.region.empty()) place.region = environment(name).value_or("");
    if (place.region.empty() && !is_of_aws(url->host)) place.region = "us-east-1";
    if (place.region.empty())
        throw Failure(ErrorKind::config, "queue.region",
                      "expected a region: queue.url names none, nor do AWS_REGION and AWS_DEFAULT_REGION");
    return place;
}

}  // namespace pagehaul::queue::sqs
