#include "sink/columns.h"

#include <gtest/gtest.h>

namespace pagehaul::sink {
namespace {

using config::ColumnType;

TEST(AcceptsTest, EveryTypeAcceptsTheColumnThatWeWouldCreate) {
    EXPECT_TRUE(accepts("int8", ColumnType::bigint));
    EXPECT_TRUE(accepts("int4", ColumnType::integer));
    EXPECT_TRUE(accepts("numeric", ColumnType::numeric));
    EXPECT_TRUE(accepts("float8", ColumnType::double_precision));
    EXPECT_TRUE(accepts("bool", ColumnType::boolean));
    EXPECT_TRUE(accepts("text", ColumnType::text));
    EXPECT_TRUE(accepts("date", ColumnType::date));
    EXPECT_TRUE(accepts("timestamp", ColumnType::timestamp));
    EXPECT_TRUE(accepts("timestamptz", ColumnType::timestamptz));
    EXPECT_TRUE(accepts("jsonb", ColumnType::jsonb));
    EXPECT_TRUE(accepts("uuid", ColumnType::uuid));
    EXPECT_TRUE(accepts("int2", ColumnType::smallint));
    EXPECT_TRUE(accepts("float4", ColumnType::real));
    EXPECT_TRUE(accepts("time", ColumnType::time));
}

TEST(AcceptsTest, ATypeThatWouldLoseSomethingSilentlyIsRefused) {
    EXPECT_FALSE(accepts("int4", ColumnType::bigint));
    EXPECT_FALSE(accepts("float8", ColumnType::numeric));
    EXPECT_FALSE(accepts("float4", ColumnType::double_precision));
    EXPECT_FALSE(accepts("int2", ColumnType::integer));
    EXPECT_FALSE(accepts("timetz", ColumnType::time));
    EXPECT_FALSE(accepts("bpchar", ColumnType::text));
    EXPECT_FALSE(accepts("timestamp", ColumnType::timestamptz));
    EXPECT_FALSE(accepts("timestamptz", ColumnType::timestamp));
    EXPECT_FALSE(accepts("date", ColumnType::timestamp));
}

TEST(AcceptsTest, AWiderTypeIsAccepted) {
    EXPECT_TRUE(accepts("numeric", ColumnType::bigint));
    EXPECT_TRUE(accepts("int8", ColumnType::integer));
    EXPECT_TRUE(accepts("varchar", ColumnType::text));
    EXPECT_TRUE(accepts("json", ColumnType::jsonb));
    EXPECT_TRUE(accepts("int4", ColumnType::smallint));
    EXPECT_TRUE(accepts("float8", ColumnType::real));
}

}  // namespace
}  // namespace pagehaul::sink
