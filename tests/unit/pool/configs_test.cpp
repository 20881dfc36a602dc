#include "pool/configs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"

namespace pagehaul::pool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

config::Config rabbit(const std::string& pipeline, const std::string& url, const std::string& name = "work") {
    config::Config config;
    config.pipeline = pipeline;
    config::RabbitMq queue;
    queue.url.value = url;
    queue.name = name;
    config.queue = queue;
    return config;
}

TEST(PoolConfigs, AreTheYamlFilesOfTheFolderButNotThoseOfAMountsOwn) {
    const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "pool_configs_test";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder / "..data");
    for (const char* name : {"b.yml", "a.yaml", ".hidden.yaml", "notes.txt", "..data/a.yaml"})
        std::ofstream(folder / name) << "x";
    EXPECT_THAT(config_files(folder), ElementsAre(folder / "a.yaml", folder / "b.yml"));
    std::filesystem::remove_all(folder);
    EXPECT_THROW(config_files(folder), Failure);
}

TEST(PoolConfigs, MayLogInAsDifferentUsersOfOneQueue) {
    EXPECT_TRUE(problems({{"a.yaml", rabbit("a", "amqp://one:x@host/v")},
                          {"b.yaml", rabbit("b", "amqp://two:y@host/v")}})
                    .empty());
}

TEST(PoolConfigs, OfDifferentQueuesOrOfOnePipelineAreRefusedByName) {
    const auto found = problems({{"a.yaml", rabbit("a", "amqp://u:p@host/v")},
                                 {"b.yaml", rabbit("b", "amqp://u:p@other/v")},
                                 {"c.yaml", rabbit("c", "amqp://u:p@host/v", "another")},
                                 {"d.yaml", rabbit("a", "amqp://u:p@host/v")}});
    EXPECT_THAT(found, ElementsAre(HasSubstr("b.yaml: queue: expected the queue of a.yaml"),
                                   HasSubstr("got rabbitmq queue another"),
                                   HasSubstr("d.yaml: pipeline: a is a.yaml's")));
}

TEST(PoolConfigs, WithoutABrokerAreRefused) {
    config::Config ledger;
    ledger.pipeline = "a";
    EXPECT_THAT(problems({{"a.yaml", ledger}}),
                ElementsAre(HasSubstr("a.yaml: queue.type: expected a broker")));
}

}  // namespace
}  // namespace pagehaul::pool
