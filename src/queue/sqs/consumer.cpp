#include "queue/sqs/consumer.h"

#include <algorithm>
#include <utility>

#include "config/values.h"
#include "queue/sqs/answer.h"

namespace pagehaul::queue::sqs {
namespace {

using namespace std::chrono_literals;

constexpr auto kVisibility = 30s;
/// A third of it: several calls of receive() fit in.
constexpr auto kRenewBefore = 10s;
/// SQS renews for no longer since it was received ("visibility timeout", developer guide).
constexpr auto kAtMost = 12h;
/// Renewing must come in between, and whoever settles waits for the poll's end.
constexpr auto kLongestPoll = 5s;
/// Between questions that found nothing: short at first, for what is told right behind what was done.
constexpr auto kBetweenPolls = 20ms;
constexpr auto kBetweenPollsAtMost = 250ms;
/// What is at hand is wanted by now.
constexpr auto kGathering = 200ms;
constexpr Api::Patience kLeaving{.answer = 2s, .tries = 1};

nlohmann::json entry_of(const std::string& handle) {
    return {{"ReceiptHandle", handle}};
}

nlohmann::json entry_of(const std::string& handle, std::chrono::seconds visibility) {
    return {{"ReceiptHandle", handle}, {"VisibilityTimeout", visibility.count()}};
}

}  // namespace

Consumer::~Consumer() {
    if (ours_.empty()) return;
    std::vector<Message> all;
    for (auto& [tag, message] : ours_)
        all.push_back(std::move(message));
    try {
        give_back(all, kLeaving);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): they come back by themselves
    }
}

template <class Use>
void Consumer::guarded(const Use& use) {
    try {
        use();
    } catch (...) {
        ours_.clear();
        throw;
    }
}

std::vector<Delivery> Consumer::receive(std::size_t room, MonoTime until) {
    std::vector<Delivery> given;
    guarded([&] {
        extend();
        while (room > 0 && given.empty()) {
            // Who would wait a little is not spared the wait; who would not is answered now.
            if (clock_.now() < std::min(until, next_ask_)) {
                clock_.wait_until(std::min(until, next_ask_), {});
                if (clock_.now() < next_ask_) return;
            }
            const MonoTime began = clock_.now();
            const auto left = std::chrono::floor<std::chrono::seconds>(until - began);
            const auto wait = std::clamp<std::chrono::seconds>(left, 0s, kLongestPoll);
            // One waits; where there are many the others need not.
            bool more = take(std::min(room, kBatch), wait, given);
            while (more && given.size() < room && clock_.now() - began < wait + kGathering)
                more = take(room - given.size(), 0s, given);
            const MonoTime now = clock_.now();
            if (given.empty() && wait == 0s) {
                next_ask_ = now + between_;
                between_ = std::min<Millis>(between_ * 2, kBetweenPollsAtMost);
            }
            if (!given.empty()) between_ = kBetweenPolls;
            if (!given.empty() || now >= until) return;
            extend();
        }
    });
    if (room == 0) clock_.wait_until(until, {});
    return given;
}

bool Consumer::take(std::size_t room, std::chrono::seconds wait, std::vector<Delivery>& given) {
    std::vector<nlohmann::json> bodies;
    while (room > 0 && bodies.size() < kSideBySide) {
        const std::size_t count = std::min(room, kBatch);
        bodies.push_back({{"MaxNumberOfMessages", count},
                          {"WaitTimeSeconds", wait.count()},
                          {"VisibilityTimeout", std::chrono::seconds(kVisibility).count()},
                          {"MessageSystemAttributeNames", {"ApproximateReceiveCount"}}});
        room -= count;
    }
    const MonoTime asked = clock_.now();
    // Never cancelled: what is on its way then would be invisible to all for a while.
    const auto answers =
        api_.call_all("ReceiveMessage", std::move(bodies), {.answer = wait + 5s, .tries = 1});
    bool full = true;
    std::optional<Error> failure;
    for (const auto& answer : answers) {
        if (!answer) {
            failure = answer.error();
            continue;
        }
        const nlohmann::json& messages = list_in(*answer, "Messages");
        full = full && messages.size() == kBatch;
        for (const nlohmann::json& message : messages)
            take_in(message, asked, given);
    }
    // What has come is handed out first: the failure will come again.
    if (failure && given.empty()) throw Failure(*failure);
    return full && !failure;
}

void Consumer::take_in(const nlohmann::json& message, MonoTime asked, std::vector<Delivery>& given) {
    Message one{.id = text_in(message, "MessageId"),
                .handle = text_in(message, "ReceiptHandle"),
                .body = text_in(message, "Body"),
                .received = asked,
                .visible_at = asked + kVisibility};
    if (one.handle.empty()) return;
    // Handed out while it is with us: renewed too late, or twice by the server. Whoever has it goes on.
    const auto known =
        std::find_if(ours_.begin(), ours_.end(), [&](const auto& ours) { return ours.second.id == one.id; });
    if (known != ours_.end()) {
        known->second = std::move(one);
        return;
    }
    const auto attributes = message.find("Attributes");
    const auto count = attributes == message.end()
                           ? std::nullopt
                           : config::parse_integer(text_in(*attributes, "ApproximateReceiveCount"));
    given.push_back({.tag = ++last_tag_, .body = one.body, .again = count.value_or(1) > 1});
    ours_.emplace(last_tag_, std::move(one));
}

void Consumer::extend() {
    const MonoTime now = clock_.now();
    std::vector<std::uint64_t> tags;
    std::vector<nlohmann::json> entries;
    for (const auto& [tag, message] : ours_) {
        if (message.visible_at - now > kRenewBefore) continue;
        // Beyond the twelve hours it goes back, whatever we say.
        if (now + kVisibility >= message.received + kAtMost) continue;
        tags.push_back(tag);
        entries.push_back(entry_of(message.handle, kVisibility));
    }
    if (!entries.empty()) {
        for (const Api::Refused& refused : api_.batch("ChangeMessageVisibilityBatch", entries)) {
            // Somebody else has it, or it is gone: ours no longer.
            if (refused.ours) ours_.erase(tags[refused.entry]);
            tags[refused.entry] = 0;
        }
        for (const std::uint64_t tag : tags)
            if (const auto renewed = ours_.find(tag); renewed != ours_.end())
                renewed->second.visible_at = now + kVisibility;
    }
    std::erase_if(ours_, [&](const auto& ours) { return ours.second.visible_at <= now; });
}

std::vector<Consumer::Message> Consumer::settle(const std::vector<std::uint64_t>& tags) {
    std::vector<Message> messages;
    for (const std::uint64_t tag : tags)
        if (auto node = ours_.extract(tag); !node.empty()) messages.push_back(std::move(node.mapped()));
    return messages;
}

void Consumer::done(const std::vector<std::uint64_t>& tags) {
    std::vector<nlohmann::json> entries;
    for (const Message& message : settle(tags))
        entries.push_back(entry_of(message.handle));
    guarded([&] {
        for (const Api::Refused& refused : api_.batch("DeleteMessageBatch", entries))
            // A handle that is none any longer: the message is with others, who will see that it is done.
            if (!refused.ours) throw Failure(ErrorKind::transient, "queue.url", refused.why);
    });
}

void Consumer::give_back(const std::vector<Message>& messages, Api::Patience patience) {
    std::vector<nlohmann::json> entries;
    for (const Message& message : messages)
        entries.push_back(entry_of(message.handle, 0s));
    // One that fails comes back when its time is over.
    api_.batch("ChangeMessageVisibilityBatch", entries, patience);
}

void Consumer::release(const std::vector<std::uint64_t>& tags) {
    guarded([&] { give_back(settle(tags), {}); });
}

void Consumer::bury(std::uint64_t tag, const std::string& why) {
    guarded([&] {
        for (const Message& message : settle({tag})) {
            if (config_.dead) {
                nlohmann::json letter = {{"QueueUrl", *config_.dead}, {"MessageBody", message.body}};
                if (!why.empty())
                    letter["MessageAttributes"]["why"] = {{"DataType", "String"}, {"StringValue", why}};
                api_.call("SendMessage", std::move(letter));
            }
            api_.batch("DeleteMessageBatch", {entry_of(message.handle)});
        }
    });
}

}  // namespace pagehaul::queue::sqs
