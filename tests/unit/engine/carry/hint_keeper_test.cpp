#include "engine/carry/hint_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "engine_context.h"
#include "scripted_broker.h"

namespace pagehaul::engine {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::message;
using testing::message_of;
using testing::Script;
using testing::ScriptedConsumer;
using testing::ScriptedPublisher;
using ::testing::UnorderedElementsAre;

class HintKeeperTest : public ::testing::Test {
  protected:
    HintKeeperTest() {
        shared.context.scope.pipeline = "p";
        shared.context.scope.run = 7;
        shared.context.ledger = "here";
    }
    /// Works until the nth look at the broker.
    void work(
        int looks, const std::function<void(int)>& at = [](int) {}) {
        int look = 0;
        script.on_receive = [&] {
            at(++look);
            if (look >= looks) over.request_stop();
        };
        HintKeeper(shared.context, box, std::make_unique<ScriptedConsumer>(script),
                   std::make_unique<ScriptedPublisher>(script), prefetch)
            .work(no_new_work.get_token(), over.get_token());
    }
    static std::vector<std::int64_t> numbers(const std::vector<HintedPage>& hints) {
        std::vector<std::int64_t> numbers;
        for (const HintedPage& hint : hints)
            numbers.push_back(hint.page.no);
        return numbers;
    }

    testing::Shared shared;
    Wake wake{shared.clock};
    HintBox box{wake};
    Script script;
    Prefetch prefetch{.pages = 10};
    std::stop_source no_new_work;
    std::stop_source over;
};

TEST(JudgeHint, KnowsWhatIsOursBehindUsAndSomebodyElses) {
    ledger::Scope scope;
    scope.pipeline = "p";
    scope.run = 7;
    const auto judge = [&](std::int64_t run, const std::string& pipeline,
                           const std::string& ledger = "here") {
        return judge_hint({.pipeline = pipeline,
                           .config = "f",
                           .ledger = ledger,
                           .run = run,
                           .pages = {{.slice = 1, .no = 1}}},
                          scope, "here");
    };
    EXPECT_EQ(judge(7, "p"), HintFate::ours);
    EXPECT_EQ(judge(6, "p"), HintFate::stale);
    EXPECT_EQ(judge(8, "p"), HintFate::foreign);
    EXPECT_EQ(judge(7, "q"), HintFate::foreign);
    for (const std::int64_t run : {6, 7, 8})
        EXPECT_EQ(judge(run, "p", "elsewhere"), HintFate::foreign) << run;
    // An older program's does not say.
    EXPECT_EQ(judge(7, "p", ""), HintFate::ours);
    EXPECT_EQ(judge(6, "p", ""), HintFate::stale);
}

TEST(RoomForMore, IsAskedForInLots) {
    EXPECT_EQ(room_for_more(0, {.pages = 100}), 100U);
    EXPECT_EQ(room_for_more(75, {.pages = 100}), 25U);
    EXPECT_EQ(room_for_more(76, {.pages = 100}), 0U);
    EXPECT_EQ(room_for_more(120, {.pages = 100}), 0U);
}

TEST(RoomForMore, CountsThePagesThatMessagesName) {
    EXPECT_EQ(room_for_more(0, {.pages = 100, .per_message = 10}), 10U);
    EXPECT_EQ(room_for_more(75, {.pages = 100, .per_message = 10}), 3U);
    EXPECT_EQ(room_for_more(76, {.pages = 100, .per_message = 10}), 0U);
    EXPECT_EQ(room_for_more(0, {.pages = 24, .per_message = 100}), 1U);
}

TEST_F(HintKeeperTest, BringsHintsAndKeepsTheirMessagesUntilTheirPagesAreOver) {
    script.gives = {
        {.tag = 1, .body = message(1)}, {.tag = 2, .body = message(2)}, {.tag = 3, .body = message(3)}};
    work(3, [&](int look) {
        if (look != 2) return;
        EXPECT_THAT(script.done, IsEmpty());
        const auto hints = box.take(10);
        EXPECT_THAT(numbers(hints), ElementsAre(1, 2, 3));
        box.claimed(101, 1);
        box.claimed(102, 2);
        box.stale(3);
        box.over(101);
        box.given_back(102);
        box.over(999);
    });
    EXPECT_THAT(script.done, UnorderedElementsAre(1, 3));
    EXPECT_THAT(script.released, ElementsAre(2));
}

TEST_F(HintKeeperTest, AMessageOfSeveralPagesIsOverWithTheLastOfThem) {
    script.gives = {{.tag = 1, .body = message_of({1, 2, 3})}, {.tag = 2, .body = message_of({4, 5})}};
    work(4, [&](int look) {
        if (look == 2) {
            EXPECT_THAT(numbers(box.take(4)), ElementsAre(1, 2, 3, 4));
            box.claimed(101, 1);
            box.stale(1);
            box.claimed(103, 1);
            box.stale(2);
            box.over(103);
        }
        if (look == 3) {
            EXPECT_THAT(script.done, IsEmpty());
            EXPECT_THAT(numbers(box.take(4)), ElementsAre(5));
            box.claimed(105, 2);
            box.over(101);
            box.over(105);
        }
    });
    EXPECT_THAT(script.done, UnorderedElementsAre(1, 2));
    EXPECT_THAT(script.released, IsEmpty());
}

TEST_F(HintKeeperTest, AMessageGoesBackWithTheFirstOfItsPagesThatDoesAndOnce) {
    script.gives = {{.tag = 1, .body = message_of({1, 2, 3})}};
    work(4, [&](int look) {
        if (look == 2) {
            box.take(3);
            for (const std::int64_t page : {101, 102, 103})
                box.claimed(page, 1);
            box.over(101);
            box.given_back(102);
        }
        if (look == 3) {
            EXPECT_THAT(script.released, ElementsAre(1));
            box.given_back(103);
        }
    });
    EXPECT_THAT(script.released, ElementsAre(1));
    EXPECT_THAT(script.done, IsEmpty());
}

TEST_F(HintKeeperTest, OnceToldToStopGivesBackAMessageOfWhichAPageStillWaits) {
    script.gives = {{.tag = 1, .body = message_of({1, 2, 3})}, {.tag = 2, .body = message_of({4})}};
    work(4, [&](int look) {
        if (look == 2) {
            box.take(2);
            box.claimed(101, 1);
            box.claimed(102, 1);
            no_new_work.request_stop();
        }
        if (look == 3) {
            EXPECT_THAT(script.released, UnorderedElementsAre(1, 2));
            box.over(101);
            box.given_back(102);
        }
    });
    EXPECT_THAT(script.released, UnorderedElementsAre(1, 2));
    EXPECT_THAT(script.done, IsEmpty());
}

TEST_F(HintKeeperTest, CountsPagesAndNotMessagesOfWhatIsWithUs) {
    prefetch = {.pages = 40, .per_message = 10};
    script.gives = {{.tag = 1, .body = message_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10})},
                    {.tag = 2, .body = message_of({11})}};
    work(3, [&](int look) {
        if (look != 2) return;
        for (const HintedPage& hint : box.take(11))
            box.claimed(hint.page.no, hint.tag);
        for (const std::int64_t page : {1, 2, 3, 4, 5, 6, 7, 8, 9})
            box.over(page);
    });
    EXPECT_THAT(script.rooms, ElementsAre(4U, 3U, 4U));
}

TEST_F(HintKeeperTest, AsksForNoMoreThanTheBrokerMayLeaveWithUs) {
    for (std::uint64_t tag = 1; tag <= 10; ++tag)
        script.gives.push_back({.tag = tag, .body = message(static_cast<std::int64_t>(tag))});
    work(2);
    EXPECT_THAT(script.rooms, ElementsAre(10U, 0U));
}

TEST_F(HintKeeperTest, HandsOnWhatIsForOthersAndDropsWhatIsBehindUs) {
    script.gives = {{.tag = 1, .body = message(1, 6)},
                    {.tag = 2, .body = message(2, 8)},
                    {.tag = 3, .body = message(3, 1, "q")},
                    {.tag = 4, .body = message(4, 6, "p", "elsewhere")}};
    work(2);
    EXPECT_THAT(script.published,
                ElementsAre(message(2, 8), message(3, 1, "q"), message(4, 6, "p", "elsewhere")));
    EXPECT_THAT(script.done, ElementsAre(1));
    EXPECT_THAT(script.handed_on, ElementsAre(2, 3, 4));
    EXPECT_EQ(box.waiting(), 0U);
}

TEST_F(HintKeeperTest, BuriesWhatItCannotRead) {
    script.gives = {{.tag = 1, .body = "hello"}, {.tag = 2, .body = message(2)}};
    work(2);
    EXPECT_THAT(script.buried, ElementsAre(1));
    EXPECT_THAT(numbers(box.take(10)), IsEmpty()) << "at its end it has given back what waited";
    EXPECT_THAT(script.released, ElementsAre(2));
}

TEST_F(HintKeeperTest, OnceToldToStopGivesBackWhatWaitsAndTellsOfWhatEnds) {
    script.gives = {{.tag = 1, .body = message(1)}, {.tag = 2, .body = message(2)}};
    work(4, [&](int look) {
        if (look == 2) {
            EXPECT_THAT(numbers(box.take(1)), ElementsAre(1));
            box.claimed(101, 1);
            no_new_work.request_stop();
        }
        if (look == 3) {
            EXPECT_THAT(script.released, ElementsAre(2));
            EXPECT_EQ(script.rooms.back(), 0U);
            box.over(101);
        }
    });
    EXPECT_THAT(script.done, ElementsAre(1));
}

TEST_F(HintKeeperTest, ABrokerThatRefusesUsAtTheFirstTryIsTold) {
    script.on_receive = [] {};
    const auto failing = [&](ErrorKind kind) {
        HintKeeper keeper(shared.context, box, std::make_unique<ScriptedConsumer>(script),
                          std::make_unique<ScriptedPublisher>(script), prefetch);
        script.on_receive = [kind] { throw Failure(kind, "queue.url", "no"); };
        keeper.work(no_new_work.get_token(), over.get_token());
    };
    EXPECT_THROW(failing(ErrorKind::credential), Failure);
    EXPECT_THROW(failing(ErrorKind::config), Failure);
}

TEST_F(HintKeeperTest, ABrokerThatGoesAwayIsWaitedForAndItsHintsAreForgotten) {
    script.gives = {{.tag = 1, .body = message(1)}};
    const std::jthread time([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            shared.clock.advance(1s);
            std::this_thread::yield();
        }
    });
    work(4, [&](int look) {
        if (look == 2) {
            EXPECT_EQ(box.waiting(), 1U);
            script.with_us = 0;
            throw Failure(ErrorKind::credential, "queue.url", "the password was changed");
        }
        if (look == 3) {
            EXPECT_EQ(box.waiting(), 0U);
        }
    });
    EXPECT_THAT(script.done, IsEmpty());
}

}  // namespace
}  // namespace pagehaul::engine
