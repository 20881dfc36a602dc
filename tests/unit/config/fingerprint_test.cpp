#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include <nlohmann/json.hpp>

#include "config/declaration.h"
#include "fixture.h"

namespace pagehaul::config {
namespace {

using testing::HasSubstr;

std::string fingerprint(const std::string& yaml, std::vector<std::string> set = {},
                        std::map<std::string, std::string> environment = {}) {
    Fixture fixture;
    fixture.set = std::move(set);
    fixture.environment = std::move(environment);
    const auto config = fixture.load(yaml);
    EXPECT_TRUE(config.has_value()) << to_text(config.error());
    return config ? config->fingerprint_text : "";
}

TEST(Fingerprint, IsTheSameWhenADefaultIsWrittenOut) {
    EXPECT_EQ(
        fingerprint(minimal()),
        fingerprint(minimal("  auth: {type: none}\n  pagination: {type: page_number, first: 1, size: 100}\n",
                            "  mode: upsert\n  overlap: refused\n")));
    EXPECT_EQ(fingerprint(minimal()),
              fingerprint(minimal(), {"sink.table=public.t", "sink.columns.0.from=/id"}));
}

TEST(Fingerprint, IgnoresTheOrderOfKeys) {
    EXPECT_EQ(fingerprint(minimal("  pagination: {size: 10, first: 0}\n")),
              fingerprint(minimal("  pagination: {first: 0, size: 10}\n")));
}

TEST(Fingerprint, IgnoresLimitsRetryTimeoutAuthPasswordAndTheRun) {
    EXPECT_EQ(fingerprint(minimal()),
              fingerprint(minimal("  limits: {rate: 5/s}\n  retry: {attempts: 2}\n  timeout: {job: 5m}\n"
                                  "  auth: {type: bearer, token: other}\n",
                                  "", "run: {drain: 1s}\n"),
                          {"sink.dsn=postgres://me:another@db/app"}));
}

TEST(Fingerprint, IgnoresHowOftenAnUnknownEnvelopeIsTried) {
    const std::string judged = "  response: {success: {pointer: /code, equals: 0}}\n";
    EXPECT_EQ(fingerprint(minimal(judged)), fingerprint(minimal(judged), {"source.response.otherwise=fail"}));
}

using Parsed = nlohmann::json;

void add_defaults(const Parsed& schema, const std::string& path, std::string& lines) {
    if (schema.contains("default")) lines += path + " = " + schema["default"].dump() + "\n";
    for (const char* word : {"oneOf", "anyOf"})
        if (schema.contains(word))
            for (const auto& choice : schema[word])
                add_defaults(choice, path, lines);
    if (schema.contains("properties"))
        for (const auto& [key, value] : schema["properties"].items())
            add_defaults(value, path + "." + key, lines);
    if (schema.contains("items")) add_defaults(schema["items"], path + "[]", lines);
    if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object())
        add_defaults(schema["additionalProperties"], path + ".*", lines);
}

std::string fingerprinted(const std::string& yaml, std::vector<std::string> set = {}) {
    Fixture fixture;
    fixture.set = std::move(set);
    const auto config = fixture.load(yaml);
    EXPECT_TRUE(config.has_value()) << to_text(config.error());
    return config ? config->fingerprinted : "";
}

TEST(Fingerprint, HashesNothingOfKeysThatAreAtTheirDefaults) {
    const std::string hashed =
        "sink.columns.0.from = \"/id\"\n"
        "sink.columns.0.name = \"id\"\n"
        "sink.columns.0.type = \"bigint\"\n"
        "sink.dsn = \"user=me dbname=app host=db\"\n"
        "sink.key.0 = \"id\"\n"
        "sink.table = \"public.t\"\n"
        "source.base_url = \"http://api.test\"\n"
        "source.pagination.first = 1\n"
        "source.pagination.size = 100\n"
        "source.records = \"/rows\"\n"
        "source.request.path = \"/rows\"\n"
        "source.request.query.page = \"{{ page.number }}\"\n";
    EXPECT_EQ(fingerprinted(minimal()), hashed);
    EXPECT_EQ(fingerprinted(minimal(), {"sink.overlap=refused", "source.pagination.max_pages=100000"}),
              hashed);
    EXPECT_EQ(fingerprinted(minimal(), {"source.request.redirects=same_origin"}),
              hashed + "source.request.redirects = \"same_origin\"\n");
}

// A default that changes would have a run that an older program began gone on with as if it had meant the new
// one. Give the new behaviour another key. A key that is new adds its line here.
TEST(Fingerprint, KeepsTheDefaultsThatOlderProgramsHashedNothingOf) {
    const Parsed schema = Parsed::parse(json_schema())["properties"];
    std::string defaults;
    for (const auto& [key, value] : schema["source"]["properties"].items())
        if (!std::set<std::string>{"auth", "limits", "retry", "signing", "timeout"}.contains(key))
            add_defaults(value, "source." + key, defaults);
    for (const auto& [key, value] : schema["sink"]["properties"].items())
        if (key != "ddl") add_defaults(value, "sink." + key, defaults);
    EXPECT_EQ("\n" + defaults, R"(
source.drift.passes = 3
source.pagination.end = "empty_pages"
source.pagination.max_pages = 100000
source.pagination.total.told_on = "first_page"
source.pagination.total.trust = "exact"
source.pagination.type = "page_number"
source.records.empty = []
source.records.format = "json"
source.records.shape = "list"
source.request.method = "GET"
source.request.redirects = "refused"
source.response.rules = []
source.response.rules[].for = "source"
source.response.rules[].when.absent = false
source.response.rules[].when.in = []
source.response.rules[].when.is_null = false
source.response.rules[].when.status = []
source.response.rules[].when[].absent = false
source.response.rules[].when[].in = []
source.response.rules[].when[].is_null = false
source.response.rules[].when[].status = []
source.response.success = []
source.response.success.absent = false
source.response.success.in = []
source.response.success.is_null = false
source.response.success.status = []
source.response.success[].absent = false
source.response.success[].in = []
source.response.success[].is_null = false
source.response.success[].status = []
source.slices.*.step = "1d"
source.slices.*.zone = "Etc/UTC"
source.slices.*.zone = "Etc/UTC"
source.slices.*.zone = "Etc/UTC"
sink.allow_empty = false
sink.columns[].from_key = false
sink.columns[].null_if = []
sink.columns[].optional = false
sink.columns[].rest = false
sink.columns[].strip = ""
sink.key = []
sink.mode = "upsert"
sink.overlap = "refused"
sink.pgbouncer = false
sink.undeclared = "ignore"
sink.vanished = "keep"
sink.vanished_limit = "5%"
)");
}

TEST(Fingerprint, IgnoresWhatMayBeDoneToMakeTheTargetFit) {
    EXPECT_EQ(fingerprint(minimal()), fingerprint(minimal("", "  ddl: allow\n")));
}

std::vector<std::string> paths_held(const std::string& yaml,
                                    const std::map<std::string, std::string>& environment) {
    Fixture fixture;
    fixture.environment = environment;
    const auto config = fixture.load(yaml);
    EXPECT_TRUE(config.has_value()) << to_text(config.error());
    std::vector<std::string> paths;
    if (config)
        for (const auto& [path, value] : config->held)
            paths.push_back(path + " " + value);
    return paths;
}

TEST(Fingerprint, KnowsWhatVariablesHoldButForCredentials) {
    const std::string config =
        "pipeline: p\n"
        "source:\n"
        "  base_url: http://api.test\n"
        "  auth: {type: bearer, token: \"${SECRET}\"}\n"
        "  limits: {burst: \"${N}\"}\n"
        "  request:\n"
        "    path: /rows/${ACCOUNT}\n"
        "    method: POST\n"
        "    query: {page: \"{{ page.number }}\", account: \"${ACCOUNT}\", access_token: \"${SECRET}\"}\n"
        "    headers: {X-Account: \"${ACCOUNT}\", X-Api-Key: \"${SECRET}\"}\n"
        "    body: {filter: [\"${ACCOUNT}\"], secret: \"${SECRET}\"}\n"
        "  records: /rows\n"
        "sink: {dsn: \"postgres://me:${SECRET}@${HOST}/app\", table: \"t_${ACCOUNT}\", key: [id],\n"
        "       columns: [{name: id, type: text}]}\n";
    EXPECT_THAT(paths_held(config, {{"ACCOUNT", "a1"}, {"SECRET", "canary"}, {"HOST", "db"}, {"N", "5"}}),
                testing::ElementsAre("sink.dsn user=me dbname=app host=db", "sink.table t_a1",
                                     "source.request.body.filter.0 a1", "source.request.headers.X-Account a1",
                                     "source.request.path /rows/a1", "source.request.query.account a1"));
}

TEST(Fingerprint, HasNothingOfWhatVariablesHoldInItsText) {
    const std::vector<std::string> set{"source.auth={type: bearer, token: \"${T}\"}", "sink.table=${TABLE}",
                                       "source.pagination.size=${N}"};
    EXPECT_EQ(fingerprint(minimal(), set, {{"T", "one"}, {"TABLE", "a"}, {"N", "1"}}),
              fingerprint(minimal(), set, {{"T", "two"}, {"TABLE", "b"}, {"N", "2"}}));
}

TEST(Fingerprint, ChangesWithWhatIsPulledAndWhereTo) {
    const std::string same = fingerprint(minimal());
    for (const std::string set :
         {"source.pagination.size=10", "sink.table=u", "sink.dsn=postgres://me@other/app",
          "source.request.query.x=1", "sink.columns.0.strip=a", "source.slices.a=[1]",
          "source.base_url=http://other.test", "source.request.headers.Accept=text/csv"}) {
        EXPECT_NE(fingerprint(minimal(), {set}), same) << set;
    }
}

TEST(Fingerprint, HasATextThatShowsWhatDiffers) {
    Fixture fixture;
    const auto config = fixture.load(minimal("  slices: {a: [1, \"1x\"]}\n"));
    ASSERT_TRUE(config) << to_text(config.error());
    EXPECT_THAT(config->fingerprint_text, HasSubstr("source.slices.a.0 = 1\nsource.slices.a.1 = \"1x\"\n"));
    EXPECT_THAT(config->fingerprint_text, HasSubstr("sink.table = \"public.t\"\n"));
}

// The schema of `key` in a schema that may be an object, a choice of objects, or a dictionary.
const Parsed* schema_of(const Parsed& schema, const std::string& key) {
    if (schema.contains("properties") && schema["properties"].contains(key))
        return &schema["properties"][key];
    for (const char* word : {"oneOf", "anyOf"}) {
        if (!schema.contains(word)) continue;
        for (const auto& choice : schema[word]) {
            if (const Parsed* found = schema_of(choice, key)) return found;
        }
    }
    if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object()) {
        return &schema["additionalProperties"];
    }
    return nullptr;
}

void expect_declared(const Parsed& schema, const Node& node, const std::string& path) {
    for (const auto& member : node.members) {
        const Parsed* found = schema_of(schema, member.key);
        ASSERT_NE(found, nullptr) << path << "." << member.key;
        expect_declared(*found, member.value, path + "." + member.key);
    }
    for (const auto& item : node.items) {
        if (schema.contains("items")) expect_declared(schema["items"], item, path);
    }
}

TEST(Schema, ListsEveryDeclaredKeyWithADescription) {
    const Parsed schema = Parsed::parse(json_schema());
    EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    EXPECT_EQ(schema["additionalProperties"], false);
    EXPECT_EQ(schema["required"], (Parsed{"pipeline", "source", "sink"}));
    Config config;
    config.source.pagination.total = Total{};
    config.source.response.success = {Condition{}};
    config.source.response.rules = {Rule{}};
    config.source.slices = {{.name = "d", .values = DateDimension{}}};
    config.source.auth = AuthBasic{};
    config.sink.columns = {Column{}};
    config.telemetry.pushgateway = Pushgateway{};
    expect_declared(schema, declare_config().show(nullptr, config), "");
    for (const auto& [name, property] : schema["properties"]["source"]["properties"].items()) {
        EXPECT_TRUE(property.contains("description")) << name;
    }
}

TEST(Schema, CarriesDefaultsEnumsAndPatterns) {
    const Parsed schema = Parsed::parse(json_schema());
    const Parsed& source = schema["properties"]["source"]["properties"];
    EXPECT_EQ(source["pagination"]["properties"]["max_pages"]["default"], 100'000);
    EXPECT_FALSE(source["pagination"]["properties"]["size"].contains("default"))
        << "it follows from the type";
    EXPECT_EQ(source["retry"]["properties"]["base"]["default"], "500ms");
    EXPECT_EQ(source["limits"]["properties"]["concurrency"]["default"], "auto");
    EXPECT_EQ(source["pagination"]["properties"]["type"]["anyOf"][0]["enum"],
              (Parsed{"page_number", "offset", "cursor", "next_link", "link_header", "none"}));
    const Parsed& column = schema["properties"]["sink"]["properties"]["columns"]["items"];
    EXPECT_FALSE(column["properties"]["from"].contains("default"));
    EXPECT_EQ(column["required"], (Parsed{"name", "type"}));
}

}  // namespace
}  // namespace pagehaul::config
