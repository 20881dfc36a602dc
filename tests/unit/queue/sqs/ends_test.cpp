#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "manual_clock.h"
#include "queue/sqs/consumer.h"
#include "queue/sqs/publisher.h"
#include "scripted_server.h"

/// What a real server does not do on demand: entries that fail, time that passes, odd answers.
namespace pagehaul::queue::sqs {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::Connection;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ReceivedRequest;
using testing::ScriptedServer;
using ::testing::SizeIs;

struct Asked {
    std::string operation;
    json body;
};

class SqsEnds : public ::testing::Test {
  protected:
    SqsEnds() {
        setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
        setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-tests", 1);
        config.url = server.url() + "/1/queue";
    }
    ~SqsEnds() override {
        unsetenv("AWS_ACCESS_KEY_ID");
        unsetenv("AWS_SECRET_ACCESS_KEY");
    }

    /// Each operation's next answer, with its status; where none is set, what a server says to whom all is
    /// well.
    void then(const std::string& operation, const json& answer, int status = 200) {
        const std::lock_guard lock(mutex);
        answers[operation].emplace_back(status, answer.dump());
    }
    void then_message(const std::string& id, const std::string& handle, int count = 1) {
        then("ReceiveMessage", {{"Messages",
                                 {{{"MessageId", id},
                                   {"ReceiptHandle", handle},
                                   {"Body", "body of " + id},
                                   {"Attributes", {{"ApproximateReceiveCount", std::to_string(count)}}}}}}});
    }
    static json failed(const std::string& id, bool ours) {
        return {{{"Id", id}, {"Code", "Code" + id}, {"Message", "why"}, {"SenderFault", ours}}};
    }
    std::vector<json> asked(const std::string& operation) {
        const std::lock_guard lock(mutex);
        std::vector<json> bodies;
        for (const Asked& one : all)
            if (one.operation == operation) bodies.push_back(one.body);
        return bodies;
    }
    template <class Use>
    static ErrorKind kind_of(const Use& use) {
        try {
            use();
        } catch (const Failure& failure) {
            return failure.error().kind;
        }
        ADD_FAILURE() << "it did not fail";
        return ErrorKind::bug;
    }

    std::mutex mutex;
    std::map<std::string, std::deque<std::pair<int, std::string>>> answers;
    std::vector<Asked> all;
    ScriptedServer server{[this](const ReceivedRequest& request, Connection& peer) {
        const std::string operation = request.headers.at("x-amz-target").substr(10);
        const json body = json::parse(request.body);
        std::pair<int, std::string> answer{200, ""};
        {
            const std::lock_guard lock(mutex);
            all.push_back({operation, body});
            if (auto& next = answers[operation]; !next.empty()) {
                answer = next.front();
                next.pop_front();
            }
        }
        if (answer.second.empty()) {
            json well = {{"Successful", json::array()}};
            for (const json& entry : body.value("Entries", json::array()))
                well["Successful"].push_back({{"Id", entry["Id"]}});
            answer.second = well.dump();
        }
        peer.answer(answer.second, "", answer.first);
    }};
    config::Sqs config;
    testing::ManualClock clock;
};

TEST_F(SqsEnds, WhatIsWithUsIsRenewedWhenAThirdOfItsTimeIsLeft) {
    Consumer consumer(config, clock);
    then_message("m", "h1");
    const auto come = consumer.receive(1, clock.now());
    ASSERT_THAT(come, SizeIs(1));
    EXPECT_EQ(asked("ReceiveMessage").front()["VisibilityTimeout"], 30);
    clock.advance(19s);
    consumer.receive(0, clock.now());
    EXPECT_THAT(asked("ChangeMessageVisibilityBatch"), IsEmpty());
    for (int i = 1; i <= 3; ++i) {
        clock.advance(2s);
        consumer.receive(0, clock.now());
        ASSERT_THAT(asked("ChangeMessageVisibilityBatch"), SizeIs(i));
        EXPECT_EQ(asked("ChangeMessageVisibilityBatch").back()["Entries"],
                  json::parse(R"([{"Id":"0","ReceiptHandle":"h1","VisibilityTimeout":30}])"));
        clock.advance(18s);
        consumer.receive(0, clock.now());
    }
    EXPECT_EQ(consumer.unsettled(), 1U);
}

TEST_F(SqsEnds, WhatCannotBeRenewedIsOursNoLonger) {
    Consumer consumer(config, clock);
    then_message("m", "h1");
    consumer.receive(1, clock.now());
    then("ChangeMessageVisibilityBatch", {{"Failed", failed("0", true)}});
    clock.advance(21s);
    consumer.receive(0, clock.now());
    EXPECT_EQ(consumer.unsettled(), 0U);
}

TEST_F(SqsEnds, NothingIsRenewedForMoreThanTwelveHours) {
    Consumer consumer(config, clock);
    then_message("m", "h1");
    consumer.receive(1, clock.now());
    for (auto held = 0s; held < 13h; held += 20s) {
        clock.advance(20s);
        consumer.receive(0, clock.now());
    }
    EXPECT_EQ(consumer.unsettled(), 0U);
    const std::size_t renewed = asked("ChangeMessageVisibilityBatch").size();
    EXPECT_GE(renewed, 12U * 3600 / 20 - 3);
    EXPECT_LE(renewed, 12U * 3600 / 20);
}

TEST_F(SqsEnds, WhatComesAgainWhileItIsWithUsKeepsItsTagAndGetsTheNewHandle) {
    Consumer consumer(config, clock);
    then_message("m", "h1");
    const auto first = consumer.receive(1, clock.now());
    ASSERT_THAT(first, SizeIs(1));
    EXPECT_FALSE(first.front().again);
    then_message("m", "h2", 2);
    EXPECT_THAT(consumer.receive(1, clock.now()), IsEmpty());
    EXPECT_EQ(consumer.unsettled(), 1U);
    consumer.done({first.front().tag});
    EXPECT_EQ(asked("DeleteMessageBatch").back()["Entries"][0]["ReceiptHandle"], "h2");
    then_message("m", "h3", 3);
    const auto third = consumer.receive(1, clock.now());
    ASSERT_THAT(third, SizeIs(1));
    EXPECT_TRUE(third.front().again);
    EXPECT_NE(third.front().tag, first.front().tag);
}

TEST_F(SqsEnds, EntriesThatFailAreTriedAgainAndOnlyThey) {
    Publisher publisher(config, system_clock());
    then("SendMessageBatch",
         {{"Successful", {{{"Id", "0"}}, {{"Id", "2"}}}}, {"Failed", failed("1", false)}});
    publisher.publish({"a", "b", "c"});
    ASSERT_THAT(asked("SendMessageBatch"), SizeIs(2));
    EXPECT_EQ(asked("SendMessageBatch").back()["Entries"], json::parse(R"([{"Id":"1","MessageBody":"b"}])"));
}

TEST_F(SqsEnds, WhatIsInNeitherListWasNotStored) {
    Publisher publisher(config, system_clock());
    for (int i = 0; i < 3; ++i)
        then("SendMessageBatch", json::object());
    EXPECT_EQ(kind_of([&] { publisher.publish({"a"}); }), ErrorKind::transient);
    EXPECT_THAT(asked("SendMessageBatch"), SizeIs(3));
}

TEST_F(SqsEnds, AnEntryThatIsOurFaultIsNotTriedAgain) {
    Publisher publisher(config, system_clock());
    then("SendMessageBatch", {{"Failed", failed("0", true)}});
    EXPECT_EQ(kind_of([&] { publisher.publish({"a"}); }), ErrorKind::transient);
    EXPECT_THAT(asked("SendMessageBatch"), SizeIs(1));
}

TEST_F(SqsEnds, BatchesHoldTenAndEveryMessageIsInOne) {
    Publisher publisher(config, system_clock());
    std::vector<std::string> bodies;
    for (int i = 0; i < 95; ++i)
        bodies.push_back(std::to_string(i));
    publisher.publish(bodies);
    std::vector<std::string> sent;
    for (const json& body : asked("SendMessageBatch")) {
        EXPECT_LE(body["Entries"].size(), 10U);
        EXPECT_EQ(body["QueueUrl"], config.url);
        for (const json& entry : body["Entries"])
            sent.push_back(entry["MessageBody"]);
    }
    EXPECT_THAT(asked("SendMessageBatch"), SizeIs(10));
    EXPECT_THAT(sent, ::testing::UnorderedElementsAreArray(bodies));
}

TEST_F(SqsEnds, AHandleThatIsNoneAnyLongerIsDone) {
    Consumer consumer(config, clock);
    then_message("m", "h1");
    const auto come = consumer.receive(1, clock.now());
    then("DeleteMessageBatch", {{"Failed", failed("0", true)}});
    consumer.done({come.front().tag});
    EXPECT_EQ(consumer.unsettled(), 0U);
    EXPECT_THAT(asked("DeleteMessageBatch"), SizeIs(1));
}

TEST_F(SqsEnds, AFailureForgetsWhatIsWithUs) {
    Consumer consumer(config, clock);
    then_message("m", "h1");
    const auto come = consumer.receive(1, clock.now());
    then("ReceiveMessage", json::object(), 503);
    EXPECT_EQ(kind_of([&] { consumer.receive(1, clock.now()); }), ErrorKind::transient);
    EXPECT_EQ(consumer.unsettled(), 0U);
    consumer.done({come.front().tag});
    EXPECT_THAT(asked("DeleteMessageBatch"), IsEmpty());
}

TEST_F(SqsEnds, WhoLetsGoGivesBack) {
    {
        Consumer consumer(config, clock);
        then_message("m", "h1");
        consumer.receive(1, clock.now());
    }
    EXPECT_EQ(asked("ChangeMessageVisibilityBatch").back()["Entries"],
              json::parse(R"([{"Id":"0","ReceiptHandle":"h1","VisibilityTimeout":0}])"));
}

TEST_F(SqsEnds, WhatCannotBeReadGoesToTheDeadWithTheReason) {
    config.dead = server.url() + "/1/dead";
    Consumer consumer(config, clock);
    then_message("m", "h1");
    const auto come = consumer.receive(1, clock.now());
    consumer.bury(come.front().tag, "unreadable");
    const json letter = asked("SendMessage").back();
    EXPECT_EQ(letter["QueueUrl"], *config.dead);
    EXPECT_EQ(letter["MessageBody"], "body of m");
    EXPECT_EQ(letter["MessageAttributes"]["why"]["StringValue"], "unreadable");
    EXPECT_THAT(asked("DeleteMessageBatch"), SizeIs(1));
}

TEST_F(SqsEnds, WithoutADeadQueueItGoesAway) {
    Consumer consumer(config, clock);
    then_message("m", "h1");
    consumer.bury(consumer.receive(1, clock.now()).front().tag, "unreadable");
    EXPECT_THAT(asked("SendMessage"), IsEmpty());
    EXPECT_THAT(asked("DeleteMessageBatch"), SizeIs(1));
}

TEST_F(SqsEnds, WhoLooksInVainIsAskedForEverMoreSeldom) {
    const testing::LeapingClock leaping;
    Consumer consumer(config, leaping);
    const MonoTime began = leaping.now();
    consumer.receive(1, began);
    EXPECT_THAT(asked("ReceiveMessage"), SizeIs(1));
    std::vector<Millis> asked_at;
    while (leaping.now() < began + 900ms) {
        const std::size_t before = asked("ReceiveMessage").size();
        consumer.receive(1, leaping.now() + 10ms);
        if (asked("ReceiveMessage").size() > before)
            asked_at.push_back(std::chrono::duration_cast<Millis>(leaping.now() - began));
    }
    EXPECT_THAT(asked_at, ElementsAre(20ms, 60ms, 140ms, 300ms, 550ms, 800ms));
}

TEST_F(SqsEnds, SeveralAreAskedForOnlyWhileAnswersAreFull) {
    Consumer consumer(config, clock);
    EXPECT_THAT(consumer.receive(100, clock.now()), IsEmpty());
    EXPECT_THAT(asked("ReceiveMessage"), SizeIs(1));
    json full = {{"Messages", json::array()}};
    for (int i = 0; i < 10; ++i)
        full["Messages"].push_back({{"MessageId", std::to_string(i)}, {"ReceiptHandle", "h"}, {"Body", "b"}});
    then("ReceiveMessage", full);
    EXPECT_THAT(consumer.receive(100, clock.now()), SizeIs(10));
    EXPECT_THAT(asked("ReceiveMessage"), SizeIs(10));
}

TEST_F(SqsEnds, DepthIsWhatTheServerCounts) {
    config.dead = server.url() + "/1/dead";
    Publisher publisher(config, clock);
    then("GetQueueAttributes", {{"Attributes",
                                 {{"ApproximateNumberOfMessages", "7"},
                                  {"ApproximateNumberOfMessagesDelayed", "2"},
                                  {"ApproximateNumberOfMessagesNotVisible", "3"}}}});
    then("GetQueueAttributes", {{"Attributes", {{"ApproximateNumberOfMessages", "4"}}}});
    const Depth depth = publisher.depth();
    EXPECT_EQ(depth.ready, 9);
    EXPECT_EQ(depth.unsettled, 3);
    EXPECT_EQ(depth.dead, 4);
    EXPECT_EQ(depth.oldest, std::nullopt);
}

TEST_F(SqsEnds, OddAnswersAreNoHarm) {
    Consumer consumer(config, clock);
    for (const char* odd :
         {R"({"Messages":7})", R"({"Messages":[7,null,{"MessageId":1}]})", R"({"Messages":null})"}) {
        then("ReceiveMessage", json::parse(odd));
        consumer.receive(10, clock.now());
    }
    Publisher publisher(config, system_clock());
    for (const char* odd :
         {R"({"Failed":[1],"Successful":[{"Id":"77"},[]]})", R"({"Failed":{},"Successful":3})"})
        then("SendMessageBatch", json::parse(odd));
    publisher.publish({"a"});
    then("GetQueueAttributes", {{"Attributes", 3}});
    EXPECT_EQ(publisher.depth().ready, 0);
}

}  // namespace
}  // namespace pagehaul::queue::sqs
