#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/auth.h"
#include "config/modes.h"
#include "config/signing.h"
#include "config/slices.h"

namespace pagehaul::config {

/// A JSON value of the config (request bodies, rule operands) as compact JSON text, members in the file's
/// order.
struct Json {
    std::string text;
};

/// What a parameter of the query, or of a form, is sent as.
struct Parameter {
    std::vector<std::string> texts{};  ///< templates, the parameter once for each
    std::optional<Json> json{};        ///< instead of them: a template, sent as one compact text
};
using Parameters = std::vector<std::pair<std::string, Parameter>>;  ///< by name, in the file's order

enum class Redirects { refused, same_origin };
struct Request {
    std::string method = "GET";
    std::string path;  ///< template
    Parameters query{};
    std::vector<std::pair<std::string, Secret>> headers{};  ///< name -> template, may hold secrets
    std::optional<Json> body{};                             ///< template: strings may hold placeholders
    Parameters form{};                                      ///< instead of a body, urlencoded
    Redirects redirects = Redirects::refused;               ///< which are followed
};

/// Where a response says something: one of them.
struct ResponsePlace {
    std::optional<std::string> pointer{};  ///< into the body
    std::optional<std::string> header{};
};

enum class PaginationType { page_number, offset, cursor, next_link, link_header, none };
enum class TotalScope { first_page, every_page };  ///< on which pages the API tells the total
enum class TotalTrust { exact, advisory };
struct Total {
    std::optional<ResponsePlace> rows{};   ///< the row count; exactly one of rows and pages
    std::optional<ResponsePlace> pages{};  ///< the page count: the proof is then of pages
    TotalScope told_on = TotalScope::first_page;
    TotalTrust trust = TotalTrust::exact;
};
/// What is the end where no total is told.
enum class PagesEnd {
    empty_pages,   ///< two in a row
    short_page,    ///< the first that is not full
    repeated_page  ///< one with the records of the page before it, or an empty one
};
/// Where a page tells the next one's token: exactly one of these.
struct Token {
    std::optional<std::string> pointer{};  ///< JSON pointer into the response
    std::optional<std::string> header{};
    std::optional<std::string> last{};  ///< JSON pointer into the page's last record
};
struct Pagination {
    PaginationType type = PaginationType::page_number;
    std::optional<std::int64_t> first{};  ///< number of the first page, or its offset; absent: 1, or 0
    std::int64_t size = 100;              ///< rows asked for in one page; 0: of a linked kind, nobody knows
    std::optional<Total> total{};         ///< absent: the end is found
    std::optional<std::string> more{};    ///< JSON pointer to whether there are more pages
    PagesEnd end = PagesEnd::empty_pages;
    std::int64_t max_pages = 100'000;  ///< of one slice; reaching it fails the slice, loudly
    std::optional<std::int64_t>
        max_rows{};                     ///< that the API serves of one slice; more: its halves are pulled
    std::optional<Token> token{};       ///< cursor: where the next page's token is
    std::optional<std::string> link{};  ///< next_link: JSON pointer to the next page's URL
};
/// Whether what a page tells of the next one is a URL.
constexpr bool is_by_link(PaginationType type) {
    return type == PaginationType::next_link || type == PaginationType::link_header;
}
/// Whether each page tells of the next one, so that they are asked for one after another.
constexpr bool is_linked(PaginationType type) {
    return type == PaginationType::cursor || is_by_link(type);
}

/// HTTP statuses from `least` to `most`.
struct StatusRange {
    int least = 0;
    int most = 0;
};
/// What must hold of a response; all that is given holds at once.
struct Condition {
    std::vector<StatusRange> status{};     ///< one of these; empty: any
    std::optional<std::string> text{};     ///< the body holds it, anywhere
    std::optional<std::string> pointer{};  ///< into the body; or a header: what `equals` to `null` speak of
    std::optional<std::string> header{};
    std::optional<SliceValue> equals{};
    std::vector<SliceValue> in{};
    std::optional<std::string> contains{};
    std::optional<std::string> matches{};  ///< a regular expression, found anywhere in it
    bool absent = false;
    bool null = false;
};
using Conditions = std::vector<Condition>;  ///< all of them hold

enum class WaitUnit { seconds, milliseconds, epoch };
/// Where a response says how long to wait.
struct Wait {
    std::optional<std::string> pointer{};  ///< one of these
    std::optional<std::string> header{};
    WaitUnit as = WaitUnit::seconds;  ///< epoch: seconds since 1970 at which to come back
};
enum class ThrottleScope { source, slice, request };
enum class RuleAction { retry, throttle, refresh_credential, skip, split, end, fail };
struct Rule {
    Conditions when{};
    RuleAction then = RuleAction::fail;
    std::optional<Millis> pause{};                ///< throttle: at least this long when the API names none
    std::optional<Wait> wait{};                   ///< throttle: where the API names one, beside Retry-After
    ThrottleScope scope = ThrottleScope::source;  ///< throttle: who waits
};
enum class Otherwise { retry, fail };
struct ResponseRules {
    Conditions success{};  ///< empty: the HTTP status tells alone
    std::optional<Otherwise>
        otherwise{};            ///< what failing `success` means; absent: a few tries, then refused
    std::vector<Rule> rules{};  ///< the first that matches decides
};

enum class RecordShape { list, object, map };
enum class RecordFormat { json, ndjson };
/// What may stand instead of the records and mean that there are none.
struct Nothing {
    bool null = false;
    bool absent = false;
    bool empty_object = false;
    bool status_204 = false;
};
struct Records {
    std::string at;  ///< JSON pointer, in which a step `*` stands for each element
    RecordShape shape = RecordShape::list;
    RecordFormat format = RecordFormat::json;
    Nothing empty{};
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
    SourceAuth auth = AuthNone{};
    std::optional<Signing> signing;
    Request request;
    std::vector<Dimension> slices;  ///< empty: one slice without parameters
    Pagination pagination;
    Records records;
    ResponseRules response;
    Limits limits;
    Retry retry;
    Timeout timeout;
    Drift drift;
};

enum class ColumnType {
    bigint,
    integer,
    smallint,
    numeric,
    double_precision,
    real,
    boolean,
    text,
    date,
    time,
    timestamp,
    timestamptz,
    jsonb,
    uuid
};
struct Column {
    std::string name;
    ColumnType type = ColumnType::text;
    bool array = false;                   ///< of elements of `type`
    std::optional<std::string> format{};  ///< epoch, epoch_ms, epoch_us, iso, or a TimePattern
    std::optional<std::string> zone{};    ///< whose clock: of stamps without an offset, or to be shown
    std::optional<std::string> value{};   ///< template; instead of `from`
    std::string from{};  ///< JSON pointer into the record; "" is the whole record. Default "/name". Each
                         ///< "../" in front leads to the element that the next `*` of records.at stands for
    bool from_key = false;             ///< the record's key in a map, instead of `from`
    std::string strip{};               ///< characters removed from a string before conversion
    std::vector<std::string> null_if;  ///< strings that mean NULL, compared before `strip`... and after it
    bool optional = false;             ///< an absent field is NULL instead of a reason for quarantine
    bool of_run = false;               ///< `value` names the run: no reason to write an equal row again
    std::string slice_parameter{};     ///< `value` is this parameter of the slice and nothing else; or ""
    bool checked = false;              ///< read by `from`, and must be what `value` says
    bool rest = false;                 ///< the fields of the record that no other column reads whole
    /// Whether a place in the record is read for it.
    bool reads_place() const { return (!value || checked) && !rest; }
};
/// Whether equal values of the column have one canonical form, as a key's must.
inline bool may_be_key(const Column& column) {
    return !column.array && column.type != ColumnType::jsonb && column.type != ColumnType::double_precision &&
           column.type != ColumnType::real;
}
struct Sink {
    Secret dsn;
    std::string schema = "public";  ///< from `table: schema.name`
    std::string table;
    std::vector<std::string> key;  ///< empty: rows are told apart by nothing; never with Mode::upsert
    Mode mode = Mode::upsert;
    bool allow_empty = false;              ///< Mode::replace_slice: an empty slice may replace rows
    std::optional<std::string> version{};  ///< the column by which an older row is told from a newer one
    Vanished vanished = Vanished::keep;    ///< rows that the table has of a proven slice and the API has not
    QuarantineLimit vanished_limit{.rows = {}, .fraction = 0.05};
    std::vector<Column> columns;
    Undeclared undeclared = Undeclared::ignore;
    Overlap overlap = Overlap::refused;
    Ddl ddl = Ddl::create;
    bool pgbouncer = false;
};

/// What is asked for, and the one table that its records go to.
struct Stream {
    std::string name;  ///< empty: of a file without `streams`
    Source source;
    Sink sink;
    bool stored = true;    ///< false: there is no table, its records only make slices of other streams
    std::string parent{};  ///< the stream whose records make its slices; empty: none
};

enum class RequiredProof { chain, pages, counts };
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

/// What the process needs whatever carries its page jobs.
struct QueueLimits {
    Millis idle{30'000};  ///< `work` leaves after so long without a page
};
/// What every broker needs.
struct BrokerLimits : QueueLimits {
    int ahead = 1'000;           ///< pages of a run that workers are told of and that may wait
    int pages_per_message = 10;  ///< at most
};
struct LedgerQueue : QueueLimits {};
struct RabbitMq : BrokerLimits {
    Secret url;        ///< amqp:// or amqps://, with user name, password and virtual host
    std::string name;  ///< of the queue; filled in from the pipeline's where the file has none
    std::string ca;    ///< a PEM file; empty: what the machine trusts
};
enum class KafkaMechanism { plain, scram_sha_256, scram_sha_512 };
struct Kafka : BrokerLimits {
    std::string brokers;  ///< host:port,…
    std::string topic;    ///< filled in like RabbitMq::name
    std::string group;    ///< filled in: the topic
    int partitions = 0;   ///< a missing topic is made with so many; 0: it must be there
    bool tls = false;
    std::string ca;
    KafkaMechanism mechanism = KafkaMechanism::scram_sha_512;
    std::optional<Secret> username;  ///< present with `password`: SASL
    std::optional<Secret> password;
};
struct Sqs : BrokerLimits {
    std::string url;                  ///< of the queue
    std::optional<std::string> dead;  ///< URL of the queue that its redrive policy names
    std::string region;               ///< empty: as in the URL, or of AWS_REGION
};
using Queue = std::variant<LedgerQueue, RabbitMq, Kafka, Sqs>;

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
/// A receiver of OTLP over HTTP.
struct Collector {
    std::optional<std::string> endpoint;  ///< absent: OTEL_EXPORTER_OTLP_ENDPOINT names one
    std::vector<std::pair<std::string, Secret>> headers;
};
struct Traces : Collector {
    std::optional<double> sampling;  ///< share of the pages; absent: as OTEL_TRACES_SAMPLER says
    bool propagate = false;
};
struct OtlpMetrics : Collector {
    std::optional<Millis> interval;  ///< absent: as OTEL_METRIC_EXPORT_INTERVAL says
};
/// What tells a pipeline's metrics from those of one with its name elsewhere; empty: nothing does.
struct MetricLabels {
    std::string cluster;
    std::string namespace_of;  ///< `namespace`
    std::string cronjob;       ///< what starts it: joins our metrics with those of Kubernetes
};
struct Telemetry {
    Log log;
    MetricLabels labels;
    std::optional<Pushgateway> pushgateway;
    std::optional<Traces> traces;        ///< absent: only where the environment names an endpoint
    std::optional<OtlpMetrics> metrics;  ///< beside the gateway; absent: as traces
    std::optional<Millis> expect_every;  ///< between two successes; only told to who watches
};

enum class Plaintext { warn, allow };  ///< credentials that go to another machine without TLS
struct Security {
    Plaintext plaintext = Plaintext::warn;
};

/// A whole config file, every value checked and every default filled in. Plain data; made by `load`, then
/// constant.
struct Config {
    std::string file;  ///< as given on the command line: what messages name
    std::string pipeline;
    /// What all streams share of them: base_url, auth, limits, retry, timeout; dsn, pgbouncer, ddl. All else
    /// is that of the first stream.
    Source source;
    Sink sink;
    std::vector<Stream> streams;  ///< at least one; parents before their children
    Run run;
    Ledger ledger;
    Queue queue;
    Telemetry telemetry;
    Security security;
    /// The canonical text of the source and the sink with `${…}` unexpanded, without limits, retry, timeout,
    /// auth, response.otherwise and the DSN's secrets, one "key.path = value" a line.
    std::string fingerprint_text;
    /// Its lines but for those of keys at their defaults: a program that knows more keys reads the same file
    /// as the same config. Two runs with equal ones and equal `held` pull the same data into the same place:
    /// ledger/fingerprint.h makes one hash of both.
    std::string fingerprinted;
    /// What variables hold there, by key path, but for what is named like a credential. Not to be stored or
    /// shown.
    std::vector<std::pair<std::string, std::string>> held;
    std::vector<std::string> warnings;  ///< what is better mended; each a line to tell
};

}  // namespace pagehaul::config
