#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include "config/load.h"
#include "core/error.h"
#include "queue/open.h"

/// What the two ends do when the server does not. Each needs somebody who sees to that: run one at a time by
/// its name with --gtest_also_run_disabled_tests, on the broker that the config named by
/// PAGEHAUL_QUEUE_CONFIG leads to.
namespace pagehaul::queue {
namespace {

using namespace std::chrono_literals;

class Outage : public ::testing::Test {
  protected:
    Outage() {
        const auto loaded = config::load(std::getenv("PAGEHAUL_QUEUE_CONFIG"), {});
        if (!loaded) throw std::runtime_error(config::to_text(loaded.error()));
        consumer = open_consumer(loaded->queue, 100, clock);
        publisher = open_publisher(loaded->queue, clock);
    }
    /// Whoever started this reads it, does it and says so.
    static void ask(const std::string& what) {
        std::cout << what << std::endl;
        std::string answer;
        ASSERT_TRUE(std::getline(std::cin, answer)) << what;
    }
    /// The failure of `use`, which is printed; a test's failure where there is none.
    template <class Use>
    static ErrorKind kind_of(const Use& use) {
        try {
            use();
        } catch (const Failure& failure) {
            std::cout << "kind " << to_string(failure.error().kind) << ": " << failure.what() << std::endl;
            return failure.error().kind;
        }
        ADD_FAILURE() << "it did not fail";
        return ErrorKind::bug;
    }
    std::vector<Delivery> take(std::size_t count) {
        std::vector<Delivery> all;
        for (const MonoTime until = clock.now() + 60s; all.size() < count && clock.now() < until;)
            for (Delivery& delivery : consumer->receive(count - all.size(), clock.now() + 1s))
                all.push_back(std::move(delivery));
        return all;
    }

    const Clock& clock = system_clock();
    std::unique_ptr<Consumer> consumer;
    std::unique_ptr<Publisher> publisher;
};

TEST_F(Outage, DISABLED_FailsForGood) {
    const auto kind = kind_of([&] { consumer->receive(1, clock.now()); });
    EXPECT_TRUE(kind == ErrorKind::credential || kind == ErrorKind::config);
    EXPECT_EQ(kind_of([&] { publisher->publish({"message"}); }), kind);
    EXPECT_EQ(kind_of([&] { publisher->depth(); }), kind);
}

TEST_F(Outage, DISABLED_OutlivesARestart) {
    publisher->publish({"one", "two", "three"});
    ASSERT_EQ(take(3).size(), 3U);
    ask("stop it");
    EXPECT_EQ(kind_of([&] { consumer->receive(1, clock.now() + 1s); }), ErrorKind::transient);
    EXPECT_EQ(kind_of([&] { publisher->publish({"four"}); }), ErrorKind::transient);
    EXPECT_EQ(consumer->unsettled(), 0U);
    ask("start it");
    // The three were not settled.
    publisher->publish({"five"});
    std::vector<std::string> bodies;
    std::vector<std::uint64_t> tags;
    for (const Delivery& delivery : take(4)) {
        bodies.push_back(delivery.body);
        tags.push_back(delivery.tag);
    }
    std::sort(bodies.begin(), bodies.end());
    EXPECT_EQ(bodies, (std::vector<std::string>{"five", "one", "three", "two"}));
    consumer->done(tags);
    EXPECT_EQ(consumer->unsettled(), 0U);
}

}  // namespace
}  // namespace pagehaul::queue
