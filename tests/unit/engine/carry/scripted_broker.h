#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "queue/hint.h"
#include "queue/queue.h"

namespace pagehaul::engine::testing {

using Tags = std::vector<std::uint64_t>;

inline std::string message(std::int64_t page, std::int64_t run = 7, const std::string& pipeline = "p",
                           const std::string& ledger = "") {
    return queue::write_hint({.pipeline = pipeline,
                              .config = "f",
                              .ledger = ledger,
                              .run = run,
                              .pages = {{.slice = 1, .no = page}}});
}

/// Of the run at work.
inline std::string message_of(const std::vector<std::int64_t>& pages) {
    queue::Hint hint{.pipeline = "p", .config = "f", .run = 7, .pages = {}};
    for (const std::int64_t page : pages)
        hint.pages.push_back({.slice = 1, .no = page});
    return queue::write_hint(hint);
}

/// Gives what it was told to, once; what is done with it can be read after the keeper's end.
struct Script {
    std::vector<queue::Delivery> gives;
    std::function<void()> on_receive = [] {};
    std::size_t with_us = 0;
    Tags done, handed_on, released, buried;
    std::vector<std::string> published;
    std::vector<std::size_t> rooms;
};

class ScriptedConsumer : public queue::Consumer {
  public:
    explicit ScriptedConsumer(Script& script) : script_(script) {}
    std::vector<queue::Delivery> receive(std::size_t room, MonoTime) override {
        script_.rooms.push_back(room);
        script_.on_receive();
        if (room == 0) return {};
        auto given = std::exchange(script_.gives, {});
        script_.with_us += given.size();
        return given;
    }
    void done(const Tags& tags) override { settle(tags, script_.done); }
    void handed_on(const Tags& tags) override { settle(tags, script_.handed_on); }
    void release(const Tags& tags) override { settle(tags, script_.released); }
    void bury(std::uint64_t tag, const std::string&) override { settle({tag}, script_.buried); }
    std::size_t unsettled() const override { return script_.with_us; }

  private:
    void settle(const Tags& tags, Tags& where) {
        where.insert(where.end(), tags.begin(), tags.end());
        script_.with_us -= tags.size();
    }
    Script& script_;
};

class ScriptedPublisher : public queue::Publisher {
  public:
    explicit ScriptedPublisher(Script& script) : script_(script) {}
    void publish(const std::vector<std::string>& bodies) override {
        script_.published.insert(script_.published.end(), bodies.begin(), bodies.end());
    }
    queue::Depth depth() override { return {}; }

  private:
    Script& script_;
};

}  // namespace pagehaul::engine::testing
