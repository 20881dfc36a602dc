#include <chrono>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/load.h"
#include "core/error.h"
#include "log/log.h"
#include "queue/open.h"

/// The two ends of the queue that the config named by PAGEHAUL_QUEUE_CONFIG leads to, in the hands of a test
/// that does something to the broker or to the process between two calls: a command a line on stdin, its
/// answer as a line of JSON on stdout. tests/functional/harness/queue_probe.py speaks with it.
namespace pagehaul::queue {
namespace {

using Json = nlohmann::ordered_json;

struct Ends {
    const config::Queue& queue;
    std::unique_ptr<Consumer> consumer;
    std::unique_ptr<Publisher> publisher;
};

std::vector<std::uint64_t> tags_in(std::istringstream& words) {
    std::vector<std::uint64_t> tags;
    for (std::uint64_t tag = 0; words >> tag;)
        tags.push_back(tag);
    return tags;
}

Json carry_out(const std::string& line, Ends& ends) {
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    if (!ends.consumer) ends.consumer = open_consumer(ends.queue, 1'000, system_clock());
    if (!ends.publisher) ends.publisher = open_publisher(ends.queue, system_clock());
    Json answer = Json::object();
    if (verb == "receive") {
        std::size_t room = 0;
        int ms = 0;
        words >> room >> ms;
        answer["messages"] = Json::array();
        for (const Delivery& one :
             ends.consumer->receive(room, system_clock().now() + std::chrono::milliseconds(ms)))
            answer["messages"].push_back({{"tag", one.tag}, {"body", one.body}, {"again", one.again}});
    } else if (verb == "done") {
        ends.consumer->done(tags_in(words));
    } else if (verb == "release") {
        ends.consumer->release(tags_in(words));
    } else if (verb == "bury") {
        for (const std::uint64_t tag : tags_in(words))
            ends.consumer->bury(tag, "a test says so");
    } else if (verb == "leave") {
        ends.consumer.reset();
    } else if (verb == "publish") {
        int count = 0;
        std::string name;
        words >> count >> name;
        std::vector<std::string> bodies;
        for (int i = 0; i < count; ++i)
            bodies.push_back(name + " " + std::to_string(i));
        ends.publisher->publish(bodies);
    } else if (verb == "send") {
        ends.publisher->publish({line.substr(line.find(' ') + 1)});
    } else if (verb == "drop_publisher") {
        ends.publisher.reset();
    } else if (verb == "depth") {
        const Depth depth = ends.publisher->depth();
        answer["ready"] = depth.ready;
        answer["dead"] = depth.dead ? Json(*depth.dead) : Json();
    } else {
        throw Failure(ErrorKind::bug, "probe", "unknown command " + verb);
    }
    answer["unsettled"] = ends.consumer ? ends.consumer->unsettled() : 0;
    return answer;
}

int serve(const config::Config& config) {
    Ends ends{.queue = config.queue, .consumer = {}, .publisher = {}};
    for (std::string line; std::getline(std::cin, line);) {
        const MonoTime began = system_clock().now();
        Json answer;
        try {
            answer = carry_out(line, ends);
        } catch (const Failure& failure) {
            answer["kind"] = to_string(failure.error().kind);
            answer["cause"] = failure.error().text();
            answer["unsettled"] = ends.consumer ? ends.consumer->unsettled() : 0;
        }
        answer["seconds"] = std::chrono::duration<double>(system_clock().now() - began).count();
        std::cout << answer.dump() << std::endl;
    }
    return 0;
}

}  // namespace
}  // namespace pagehaul::queue

int main() {
    const char* file = std::getenv("PAGEHAUL_QUEUE_CONFIG");
    const auto config = pagehaul::config::load(file == nullptr ? "" : file, {});
    if (!config) {
        std::cerr << pagehaul::config::to_text(config.error());
        return 78;
    }
    pagehaul::log::configure(pagehaul::log::Level::debug, pagehaul::log::Format::json);
    return pagehaul::queue::serve(*config);
}
