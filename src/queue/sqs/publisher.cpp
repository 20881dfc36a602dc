#include "queue/sqs/publisher.h"

#include "config/values.h"
#include "queue/sqs/answer.h"

namespace pagehaul::queue::sqs {
namespace {

constexpr const char* kWaiting = "ApproximateNumberOfMessages";
constexpr const char* kDelayed = "ApproximateNumberOfMessagesDelayed";
constexpr const char* kTaken = "ApproximateNumberOfMessagesNotVisible";

std::int64_t count_in(const nlohmann::json& answer, const char* name) {
    return config::parse_integer(text_in(answer.value("Attributes", nlohmann::json::object()), name))
        .value_or(0);
}

}  // namespace

void Publisher::publish(const std::vector<std::string>& bodies) {
    std::vector<nlohmann::json> entries;
    entries.reserve(bodies.size());
    for (const std::string& body : bodies)
        entries.push_back({{"MessageBody", body}});
    const auto refused = api_.batch("SendMessageBatch", entries);
    if (!refused.empty())
        throw Failure(ErrorKind::transient, "queue.url",
                      std::to_string(refused.size()) + " of " + std::to_string(bodies.size()) +
                          " messages were not stored: " + refused.front().why);
}

Depth Publisher::depth() {
    const nlohmann::json here =
        api_.call("GetQueueAttributes", {{"AttributeNames", {kWaiting, kDelayed, kTaken}}});
    Depth depth{.ready = count_in(here, kWaiting) + count_in(here, kDelayed),
                .unsettled = count_in(here, kTaken)};
    if (config_.dead)
        depth.dead = count_in(
            api_.call("GetQueueAttributes", {{"QueueUrl", *config_.dead}, {"AttributeNames", {kWaiting}}}),
            kWaiting);
    return depth;
}

}  // namespace pagehaul::queue::sqs
