// src/engine/README.md, "In flight": several processes are to one source what one process is.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "engine/fetch/concurrency.h"

namespace pagehaul::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonoTime kBegan = MonoTime(std::chrono::hours(1));

struct Reply {
    Nanos latency{0};
    bool throttled = false;
};
/// Of the requests of all processes that are in flight, this one included.
using FleetApi = std::function<Reply(int in_flight)>;

/// Processes of one run, each of which always has as many requests in flight as its controller allows. What
/// the API refuses one of them the others hear of `heard_after` later; where they hear of it.
class Fleet {
  public:
    Fleet(int processes, bool share, FleetApi api) : api_(std::move(api)), share_(share) {
        ConcurrencyOptions options;
        options.ceiling = 128;
        for (int i = 0; i < processes; ++i) {
            controllers_.emplace_back(options);
            if (share_) controllers_.back().share_among(processes);
        }
        in_flight_.resize(controllers_.size());
    }

    void run_until(MonoTime end) {
        while (now_ < end)
            step();
    }
    void count_from_here() {
        answered_ = throttled_ = highest_ = 0;
        limits_ = 0;
    }
    int answered() const { return answered_; }
    double refused() const { return static_cast<double>(throttled_) / answered_; }
    int highest() const { return highest_; }
    double mean_limit() const { return limits_ / answered_; }
    int limit() const {
        int sum = 0;
        for (const ConcurrencyController& controller : controllers_)
            sum += controller.limit();
        return sum;
    }
    std::vector<int> limits() const {
        std::vector<int> limits;
        for (const ConcurrencyController& controller : controllers_)
            limits.push_back(controller.limit());
        return limits;
    }
    static constexpr milliseconds heard_after{700};

  private:
    struct Event {
        MonoTime at;
        std::size_t process;
        Reply answer;
        bool is_news = false;  ///< and no answer
        bool operator>(const Event& other) const { return at > other.at; }
    };

    void step() {
        // In turn, as processes would: nobody's requests come first.
        for (bool sent = true; sent;) {
            sent = false;
            for (std::size_t i = 0; i < controllers_.size(); ++i) {
                if (in_flight_[i] >= controllers_[i].limit()) continue;
                ++in_flight_[i];
                const Reply answer = api_(++all_);
                events_.push({.at = now_ + answer.latency, .process = i, .answer = answer});
                sent = true;
            }
        }
        const Event event = events_.top();
        events_.pop();
        now_ = event.at;
        if (event.is_news) {
            controllers_[event.process].on_others_throttled(now_);
            return;
        }
        controllers_[event.process].on_answer({.latency = event.answer.latency,
                                               .throttled = event.answer.throttled,
                                               .in_flight = in_flight_[event.process]},
                                              now_);
        --in_flight_[event.process];
        --all_;
        ++answered_;
        highest_ = std::max(highest_, limit());
        limits_ += limit();
        if (!event.answer.throttled) return;
        ++throttled_;
        // One pause at a time is told.
        if (!share_ || now_ < next_news_) return;
        next_news_ = now_ + heard_after;
        for (std::size_t i = 0; i < controllers_.size(); ++i)
            if (i != event.process)
                events_.push({.at = next_news_, .process = i, .answer = {}, .is_news = true});
    }

    FleetApi api_;
    const bool share_;
    std::vector<ConcurrencyController> controllers_;
    std::vector<int> in_flight_;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    MonoTime now_ = kBegan;
    MonoTime next_news_ = MonoTime::min();
    int all_ = 0, answered_ = 0, throttled_ = 0, highest_ = 0;
    double limits_ = 0;
};

Reply refuses_above_24(int in_flight) {
    return in_flight > 24 ? Reply{milliseconds(5), true} : Reply{milliseconds(100)};
}

/// Serves 20 at once, the rest waits in line.
Reply queues_above_20(int in_flight) {
    return Reply{std::max(milliseconds(100), milliseconds(100) * in_flight / 20)};
}

class Processes : public ::testing::TestWithParam<int> {};

TEST_P(Processes, StartTogetherWhereOneWould) {
    const Fleet fleet(GetParam(), true, refuses_above_24);
    EXPECT_GE(fleet.limit(), 8);
    EXPECT_LE(fleet.limit(), std::max(8, GetParam()));
}

TEST_P(Processes, AreRefusedByAnApiAsSeldomAsOneIsAndGetAsMuch) {
    Fleet one(1, true, refuses_above_24);
    Fleet fleet(GetParam(), true, refuses_above_24);
    for (Fleet* each : {&one, &fleet}) {
        each->run_until(kBegan + seconds(30));
        each->count_from_here();
        each->run_until(kBegan + seconds(330));
    }
    // One is refused 0.5 % of its requests.
    EXPECT_LT(fleet.refused(), 0.03);
    EXPECT_GT(fleet.answered(), one.answered() * 0.85);
}

TEST_P(Processes, SettleTogetherAroundTheCapacityOfAnOverloadedApi) {
    Fleet fleet(GetParam(), true, queues_above_20);
    fleet.run_until(kBegan + seconds(60));
    fleet.count_from_here();
    fleet.run_until(kBegan + seconds(360));
    EXPECT_LE(fleet.mean_limit(), 40) << "1.5 times the lowest latency is not slow yet";
    EXPECT_GT(fleet.answered(), 200 * 300 * 95 / 100);
}

TEST_P(Processes, ReachTheCeilingOfAnApiThatBearsIt) {
    Fleet fleet(GetParam(), true, [](int) { return Reply{milliseconds(100)}; });
    fleet.run_until(kBegan + seconds(5));
    for (const int limit : fleet.limits())
        EXPECT_EQ(limit, 128);
}

INSTANTIATE_TEST_SUITE_P(Any, Processes, ::testing::Values(1, 2, 4, 16));

TEST(SharedConcurrency, WithoutItsWordEachProcessIsRefusedByItself) {
    Fleet alone(4, false, refuses_above_24);
    Fleet together(4, true, refuses_above_24);
    for (Fleet* each : {&alone, &together}) {
        each->run_until(kBegan + seconds(30));
        each->count_from_here();
        each->run_until(kBegan + seconds(330));
    }
    EXPECT_GT(alone.refused(), 2 * together.refused()) << "or else there was nothing to share";
}

TEST(SharedConcurrency, TheSameOccasionShrinksOnce) {
    ConcurrencyController controller({.start = 20, .ceiling = 32});
    MonoTime now = kBegan;
    controller.on_answer({.latency = milliseconds(50), .throttled = true, .in_flight = 20}, now);
    ASSERT_EQ(controller.limit(), 14);
    controller.on_others_throttled(now + milliseconds(900));
    EXPECT_EQ(controller.limit(), 14);
    controller.on_others_throttled(now + milliseconds(1'100));
    EXPECT_EQ(controller.limit(), 9);
}

TEST(SharedConcurrency, AFixedLimitIsFixedWhateverOthersHear) {
    ConcurrencyController controller({.start = 5, .ceiling = 5, .fixed = true});
    controller.share_among(4);
    EXPECT_EQ(controller.on_others_throttled(kBegan), 5);
}

TEST(SharedConcurrency, WhoHasAskedAlreadyKeepsWhatItHasWhenOthersCome) {
    ConcurrencyController controller({.start = 8, .ceiling = 32});
    controller.on_answer({.latency = milliseconds(100), .in_flight = 8}, kBegan);
    EXPECT_EQ(controller.share_among(4), 8);
}

}  // namespace
}  // namespace pagehaul::engine
