#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pagehaul::config {

using Millis = std::chrono::milliseconds;

/// A value from the environment or a mounted file. Its text is for the wire only: never log, print or store
/// it.
struct Secret {
    std::string value;
    /// Files that `${file:…}` named, so that a refused credential can be read again once. Empty: static.
    std::string source;  ///< the unexpanded text, "${file:/run/token}"; what the fingerprint and messages use
};

/// A JSON value of the config (request bodies, rule operands) as compact JSON text, members in the file's
/// order.
struct Json {
    std::string text;
};

struct AuthNone {};
struct AuthHeader {
    std::string name;
    Secret value;
};
struct AuthBearer {
    Secret token;
};
struct AuthBasic {
    Secret username;
    Secret password;
};
struct AuthQuery {
    std::string name;
    Secret value;
};
using Auth = std::variant<AuthNone, AuthHeader, AuthBearer, AuthBasic, AuthQuery>;

struct Request {
    std::string method = "GET";
    std::string path;                                        ///< template
    std::vector<std::pair<std::string, std::string>> query;  ///< name -> template, in the file's order
    std::vector<std::pair<std::string, Secret>> headers;     ///< name -> template, may hold secrets
    std::optional<Json> body;                                ///< template: strings may hold placeholders
};

/// One value of a slice dimension. Its JSON type is kept: an integer is sent as a number.
struct SliceValue {
    std::string text;
    bool is_number = false;
    friend bool operator==(const SliceValue&, const SliceValue&) = default;
};

/// A day as written: "2026-10-01", or relative to the day the run starts in the slice's zone: "-7d", "0d".
struct DayBound {
    std::optional<std::chrono::sys_days> day;
    int relative_days = 0;  ///< used when `day` is empty; not above 0
};

/// One slice a step; `{{ slice.NAME }}` is its first day, `{{ slice.NAME_end }}` its last, cut at `to`.
struct DateDimension {
    DayBound from;
    DayBound to;
    int step_days = 1;
    std::string zone = "Etc/UTC";
    std::optional<std::chrono::minutes> ready_at;  ///< of the following day, in `zone`
};
struct ListDimension {
    std::vector<SliceValue> values;
};
struct Dimension {
    std::string name;
    std::variant<DateDimension, ListDimension> values;
};

enum class PaginationType { page_number, offset };
enum class TotalScope { first_page, every_page };  ///< on which pages the API tells the total
enum class TotalTrust { exact, advisory };
struct Total {
    std::optional<std::string> rows;   ///< JSON pointer to the row count; exactly one of rows and pages
    std::optional<std::string> pages;  ///< JSON pointer to the page count: the proof is then of pages
    TotalScope told_on = TotalScope::first_page;
    TotalTrust trust = TotalTrust::exact;
};
struct Pagination {
    PaginationType type = PaginationType::page_number;
    std::int64_t first = 1;            ///< number of the first page (page_number)
    std::int64_t size = 100;           ///< rows asked for in one page
    std::optional<Total> total;        ///< absent: the end is found by empty pages
    std::int64_t max_pages = 100'000;  ///< of one slice; reaching it fails the slice, loudly
};

enum class RuleAction { retry, throttle, refresh_credential, end, fail };
struct Rule {
    std::vector<int> status;              ///< empty: any
    std::optional<std::string> pointer;   ///< with in, or matches
    std::vector<SliceValue> in;           ///< the pointer's scalar equals one of these
    std::optional<std::string> contains;  ///< the pointer's string holds this text
    RuleAction then = RuleAction::fail;
    std::optional<Millis> pause;  ///< throttle: at least this long when there is no Retry-After
};
struct Success {
    std::string pointer;
    SliceValue equals;
};
enum class Otherwise { retry, fail };
struct ResponseRules {
    std::optional<Success> success;
    std::optional<Otherwise> otherwise;  ///< what failing `success` means; absent: a few tries, then refused
    std::vector<Rule> rules;             ///< the first that matches decides
};

struct Rate {
    double per_second = 0;
};
struct Limits {
    std::optional<Rate> rate;
    std::int64_t burst = 1;
    std::optional<int> concurrency;  ///< fixed number in flight; absent: auto
    std::optional<int> ceiling;      ///< upper bound of `concurrency: auto`
    std::int64_t body_bytes = 16LL << 20;
    Millis max_pause{900'000};  ///< whatever a Retry-After says
};
struct Retry {
    int attempts = 8;
    Millis base{500};
    Millis max{60'000};
};
struct Timeout {
    Millis connect{5'000};
    Millis request{30'000};
    Millis job{120'000};
};
struct Drift {
    int passes = 3;
};

enum class ProofKind { counts, reread };
struct Source {
    std::string base_url;
    Auth auth = AuthNone{};
    Request request;
    std::vector<Dimension> slices;  ///< empty: one slice without parameters
    Pagination pagination;
    std::string records;  ///< JSON pointer to the array of records
    ResponseRules response;
    Limits limits;
    Retry retry;
    Timeout timeout;
    Drift drift;
};

enum class ColumnType {
    bigint,
    integer,
    numeric,
    double_precision,
    boolean,
    text,
    date,
    timestamp,
    timestamptz,
    jsonb,
    uuid
};
struct Column {
    std::string name;
    ColumnType type = ColumnType::text;
    std::optional<std::string> value;  ///< template; instead of `from`
    std::string from;   ///< JSON pointer into the record; "" is the whole record. Default "/name"
    std::string strip;  ///< characters removed from a string before conversion
    std::vector<std::string> null_if;  ///< strings that mean NULL, compared before `strip`... and after it
    bool optional = false;             ///< an absent field is NULL instead of a reason for quarantine
};
enum class Mode { upsert };
enum class Undeclared { ignore, error };
enum class Overlap { refused, allowed };
struct Sink {
    Secret dsn;
    std::string schema = "public";  ///< from `table: schema.name`
    std::string table;
    std::vector<std::string> key;
    Mode mode = Mode::upsert;
    std::vector<Column> columns;
    Undeclared undeclared = Undeclared::ignore;
    Overlap overlap = Overlap::refused;
    bool pgbouncer = false;
};

/// run.quarantine_limit: a count of rows, or a share of the totals told.
struct QuarantineLimit {
    std::optional<std::int64_t> rows;
    std::optional<double> fraction;  ///< 0.001 for "0.1%"
};
enum class RequiredProof { pages, counts };
struct Run {
    std::optional<int> workers;  ///< absent: auto
    std::optional<int> writers;  ///< absent: auto
    std::optional<Millis> deadline;
    Millis drain{20'000};
    Millis patience{600'000};
    QuarantineLimit quarantine_limit{.rows = 0, .fraction = {}};
    Millis heartbeat{5'000};
    Millis stale{30'000};
    Millis adopt_within{std::chrono::hours(12)};
    std::optional<RequiredProof> require_proof;  ///< the least that each slice must have; absent: any
};

enum class Migrate { automatic, manual };
struct Ledger {
    std::string schema = "pagehaul";
    Migrate migrate = Migrate::automatic;
    std::chrono::days keep{90};
};

enum class QueueType { ledger };
struct Queue {
    QueueType type = QueueType::ledger;
};

enum class LogFormat { json, text, automatic };  ///< automatic: text on a terminal, JSON elsewhere
enum class LogLevel { debug, info, warn, error };
struct Log {
    LogFormat format = LogFormat::automatic;
    LogLevel level = LogLevel::info;
};
struct Pushgateway {
    std::string url;
    Auth auth = AuthNone{};
    Millis interval{15'000};
};
struct Traces {
    std::optional<std::string> endpoint;  ///< absent: OTEL_EXPORTER_OTLP_ENDPOINT names one
    std::vector<std::pair<std::string, Secret>> headers;
    std::optional<double> sampling;  ///< share of the pages; absent: as OTEL_TRACES_SAMPLER says
    bool propagate = false;
};
struct Telemetry {
    Log log;
    std::optional<Pushgateway> pushgateway;
    std::optional<Traces> traces;        ///< absent: only where the environment names an endpoint
    std::optional<Millis> expect_every;  ///< between two successes; only told to who watches
};

/// A whole config file, every value checked and every default filled in. Plain data; made by `load`, then
/// constant.
struct Config {
    std::string file;  ///< as given on the command line: what messages name
    std::string pipeline;
    Source source;
    Sink sink;
    Run run;
    Ledger ledger;
    Queue queue;
    Telemetry telemetry;
    /// The canonical text of the source and the sink with `${…}` unexpanded, without limits, retry, timeout,
    /// auth, response.otherwise and the DSN's secrets, one "key.path = value" a line. Two runs with equal
    /// texts and equal `held` pull the same data into the same place: ledger/fingerprint.h makes one hash of
    /// both.
    std::string fingerprint_text;
    /// What variables hold there, by key path, but for what is named like a credential. Not to be stored or
    /// shown.
    std::vector<std::pair<std::string, std::string>> held;
};

}  // namespace pagehaul::config
