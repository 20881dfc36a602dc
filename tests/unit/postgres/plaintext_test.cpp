#include "postgres/plaintext.h"

#include <gtest/gtest.h>

#include <map>

namespace pagehaul::postgres {
namespace {

using Environment = std::map<std::string, std::string>;

Surroundings around_with(Environment environment = {}, std::string only_file = "") {
    return {.environment =
                [environment = std::move(environment)](const std::string& name) {
                    const auto found = environment.find(name);
                    return found == environment.end() ? std::nullopt : std::optional(found->second);
                },
            .file_exists = [only_file =
                                std::move(only_file)](const std::string& path) { return path == only_file; }};
}

std::string goes_to(std::string_view dsn, const Surroundings& around = around_with()) {
    return password_goes_to(dsn::Dsn::parse(dsn).value(), around).value_or("nowhere");
}

TEST(PlaintextTest, APasswordGoesToTheHostThatTheConnectionStringNames) {
    EXPECT_EQ(goes_to("postgres://u:p@db.example.com/x"), "db.example.com");
    EXPECT_EQ(goes_to("host=localhost hostaddr=10.0.0.7 password=p"), "10.0.0.7");
    EXPECT_EQ(goes_to("host=localhost,db2 password=p"), "db2") << "any of several";
    EXPECT_EQ(goes_to("service=reports password=p"), "the host of service reports");
}

TEST(PlaintextTest, ItStaysOnThisMachineOverASocketAndLoopback) {
    EXPECT_EQ(goes_to("postgres://u:p@localhost/x"), "nowhere");
    EXPECT_EQ(goes_to("postgres://u:p@[::1]:5433/x"), "nowhere");
    EXPECT_EQ(goes_to("host=/run/postgresql password=p"), "nowhere");
    EXPECT_EQ(goes_to("dbname=x password=p"), "nowhere");
}

TEST(PlaintextTest, WhatTheStringLeavesOutComesFromTheEnvironment) {
    EXPECT_EQ(goes_to("dbname=x", around_with({{"PGHOST", "db"}, {"PGPASSWORD", "p"}})), "db");
    EXPECT_EQ(goes_to("host=db", around_with({{"HOME", "/home/u"}}, "/home/u/.pgpass")), "db");
    EXPECT_EQ(goes_to("host=db passfile=/run/pass", around_with({}, "/run/pass")), "db");
    EXPECT_EQ(goes_to("host=db"), "nowhere") << "there is no password";
}

TEST(PlaintextTest, OnlySomeModesDemandEncryption) {
    const auto demands = [](const std::string& more, const Environment& environment = {}) {
        return demands_encryption(dsn::Dsn::parse("host=db " + more).value(), around_with(environment));
    };
    EXPECT_FALSE(demands(""));
    EXPECT_FALSE(demands("sslmode=prefer"));
    EXPECT_TRUE(demands("sslmode=require"));
    EXPECT_TRUE(demands("sslmode=verify-full"));
    EXPECT_TRUE(demands("gssencmode=require"));
    EXPECT_TRUE(demands("", {{"PGSSLMODE", "verify-ca"}}));
}

}  // namespace
}  // namespace pagehaul::postgres
