#include "queue/sqs/api.h"

#include <algorithm>
#include <future>
#include <map>
#include <utility>

#include "http/proxy.h"
#include "queue/sqs/answer.h"

namespace pagehaul::queue::sqs {
namespace {

using namespace std::chrono_literals;

/// Between two tries, longer each time.
constexpr auto kPause = 100ms;
/// Ten messages of the most that one may hold, and their escapes.
constexpr std::size_t kMaxAnswer = 16UL << 20U;

}  // namespace

void Api::open() {
    if (transport_) return;
    place_ = place_of(config_, config::process_environment);
    credentials_.emplace(clock_, place_.region);
    const auto proxy = http::proxy_for(place_.origin, config::process_environment);
    if (!proxy) throw Failure(proxy.error());
    // What bounds connecting is the answer's deadline.
    transport_ = http::make_transport({.base_url = place_.origin,
                                       .connect_timeout = 1min,
                                       .idle_timeout = 1min,
                                       .ca_file = {},
                                       .proxy = *proxy},
                                      clock_);
}

Result<nlohmann::json> Api::attempt(const std::string& operation, const std::string& body,
                                    const http::AwsCredentials& credentials, Nanos patience) const {
    http::Request request{.method = "POST",
                          .target = "/",
                          .headers = {{"X-Amz-Target", "AmazonSQS." + operation}},
                          .body = body,
                          .content_type = "application/x-amz-json-1.0"};
    sign({.credentials = credentials,
          .region = place_.region,
          .service = "sqs",
          .host = place_.host,
          .at = clock_.wall_now()},
         request);
    const auto response = transport_->send(
        request, {.deadline = Deadline::after(clock_.now(), patience), .max_body = kMaxAnswer, .reserve = {}},
        {});
    if (!response) {
        const ErrorKind kind = response.error().kind;
        return fail(kind == ErrorKind::permanent ? ErrorKind::transient : kind, "queue.url",
                    response.error().message);
    }
    return read_answer(*response, clock_.wall_now());
}

Result<nlohmann::json> Api::attempts(const std::string& operation, const std::string& body,
                                     const http::AwsCredentials& credentials, Patience patience) const {
    const MonoTime began = clock_.now();
    for (int tried = 1;; ++tried) {
        auto answer = attempt(operation, body, credentials, patience.answer);
        if (answer || answer.error().kind != ErrorKind::transient || tried >= patience.tries ||
            clock_.now() - began >= patience.answer)
            return answer;
        clock_.wait_until(clock_.now() + tried * kPause, {});
    }
}

std::vector<Result<nlohmann::json>> Api::call_all(const std::string& operation,
                                                  std::vector<nlohmann::json> bodies, Patience patience) {
    open();
    std::vector<std::string> texts;
    for (nlohmann::json& body : bodies) {
        body.emplace("QueueUrl", config_.url);
        // A strange byte in a message must not end us; no server takes it as it is.
        texts.push_back(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
    std::vector<Result<nlohmann::json>> answers;
    while (answers.size() < texts.size()) {
        const http::AwsCredentials credentials = credentials_->get();
        const std::size_t first = answers.size();
        std::vector<std::future<Result<nlohmann::json>>> others;
        for (std::size_t i = first + 1; i < std::min(first + kSideBySide, texts.size()); ++i)
            others.push_back(std::async(
                std::launch::async, [&, i] { return attempts(operation, texts[i], credentials, patience); }));
        answers.push_back(attempts(operation, texts[first], credentials, patience));
        for (auto& other : others)
            answers.push_back(other.get());
        // Revoked or replaced early: once more, with others.
        const bool refused = std::any_of(
            answers.begin() + static_cast<std::ptrdiff_t>(first), answers.end(),
            [](const auto& answer) { return !answer && answer.error().kind == ErrorKind::credential; });
        if (refused && credentials_->refuse()) answers.resize(first, nlohmann::json());
    }
    return answers;
}

nlohmann::json Api::call(const std::string& operation, nlohmann::json body, Patience patience) {
    std::vector<nlohmann::json> bodies;
    bodies.push_back(std::move(body));
    auto answers = call_all(operation, std::move(bodies), patience);
    if (!answers.front()) throw Failure(answers.front().error());
    return std::move(*answers.front());
}

std::vector<Api::Refused> Api::batch(const std::string& operation, const std::vector<nlohmann::json>& entries,
                                     Patience patience) {
    std::map<std::string, std::size_t> left;  // Id -> place
    for (std::size_t i = 0; i < entries.size(); ++i)
        left[std::to_string(i)] = i;
    std::vector<Refused> refused;
    for (int tried = 1; !left.empty(); ++tried) {
        std::vector<nlohmann::json> bodies;
        for (const auto& [id, place] : left) {
            if (bodies.empty() || bodies.back()["Entries"].size() == kBatch)
                bodies.push_back({{"Entries", nlohmann::json::array()}});
            bodies.back()["Entries"].push_back(entries[place]);
            bodies.back()["Entries"].back()["Id"] = id;
        }
        std::map<std::string, std::string> reasons;
        for (const auto& answer : call_all(operation, std::move(bodies), patience)) {
            if (!answer) throw Failure(answer.error());
            // What is in neither list has not come through.
            for (const nlohmann::json& one : list_in(*answer, "Successful"))
                left.erase(text_in(one, "Id"));
            for (const nlohmann::json& one : list_in(*answer, "Failed")) {
                const std::string id = text_in(one, "Id");
                reasons[id] = text_in(one, "Code") + ", " + text_in(one, "Message");
                if (!one.contains("SenderFault") || one["SenderFault"] != true) continue;
                if (const auto mine = left.extract(id); !mine.empty())
                    refused.push_back({.entry = mine.mapped(), .why = reasons[id], .ours = true});
            }
        }
        if (left.empty()) break;
        if (tried >= patience.tries) {
            for (const auto& [id, place] : left)
                refused.push_back({.entry = place, .why = reasons[id], .ours = false});
            break;
        }
        clock_.wait_until(clock_.now() + tried * kPause, {});
    }
    return refused;
}

}  // namespace pagehaul::queue::sqs
