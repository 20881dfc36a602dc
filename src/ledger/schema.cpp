#include "ledger/schema.h"

#include <array>

#include "ledger/schema_chains.h"
#include "ledger/schema_modes.h"
#include "ledger/schema_proven.h"
#include "ledger/schema_splits.h"
#include "ledger/schema_streams.h"
#include "ledger/schema_sums.h"

namespace pagehaul::ledger {
namespace {

// `page` gets no HOT updates: the claim's partial index mentions `state`. Hence key hashes in an insert-only
// table, and a vacuum that comes by number of dead rows, not by share of the table.
// `tally` spares `poll` the sum over all pages: one row per slice, pass and backend, so that writers do not
// queue for one row. The proof itself sums the pages.
constexpr std::string_view version_1 = R"(
CREATE FUNCTION {s}.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';
COMMENT ON FUNCTION {s}.clock() IS 'The time that judges leases; a test replaces it.';

CREATE TABLE {s}.run (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline         text NOT NULL,
    state            text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'succeeded', 'superseded')),
    intent           text NOT NULL CHECK (intent IN ('run', 'retry')),
    fingerprint      text NOT NULL,
    fingerprint_text text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT {s}.clock(),
    planned_at       timestamptz,
    finished_at      timestamptz,
    stop_reason      text,
    stop_at          timestamptz,
    key_overlap      text,
    verdict          text,
    CHECK (state <> 'succeeded' OR planned_at IS NOT NULL),
    CHECK ((state = 'running') = (finished_at IS NULL)),
    CHECK ((stop_reason IS NULL) = (stop_at IS NULL))
);
CREATE INDEX run_of_pipeline ON {s}.run (pipeline, id);

CREATE TABLE {s}.pipeline_lock (
    pipeline   text PRIMARY KEY,
    run_id     bigint REFERENCES {s}.run,
    expires_at timestamptz NOT NULL
);

CREATE TABLE {s}.run_key (
    pipeline text NOT NULL,
    key      text NOT NULL,
    run_id   bigint NOT NULL REFERENCES {s}.run ON DELETE CASCADE,
    PRIMARY KEY (pipeline, key)
);
CREATE INDEX run_key_of_run ON {s}.run_key (run_id);

CREATE TABLE {s}.worker (
    id            uuid PRIMARY KEY,
    run_id        bigint NOT NULL REFERENCES {s}.run ON DELETE CASCADE,
    host          text NOT NULL,
    pid           int NOT NULL,
    started_at    timestamptz NOT NULL DEFAULT {s}.clock(),
    heartbeat_at  timestamptz NOT NULL DEFAULT {s}.clock(),
    stopped_at    timestamptz,
    backend_pid   int NOT NULL,
    backend_start timestamptz
);
CREATE INDEX worker_of_run ON {s}.worker (run_id);
CREATE INDEX worker_not_stopped ON {s}.worker (run_id) WHERE stopped_at IS NULL;

CREATE TABLE {s}.slice (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id        bigint NOT NULL REFERENCES {s}.run ON DELETE CASCADE,
    key           text NOT NULL,
    params        text NOT NULL,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'proven', 'failed', 'split')),
    pass          int NOT NULL DEFAULT 1,
    first_pass    int NOT NULL DEFAULT 1,
    total         bigint,
    planned       bigint CHECK (planned >= 0),
    drift         text,
    moved         text,
    proof         text CHECK (proof IN ('counts', 'pages')),
    distinct_keys bigint,
    error         text,
    UNIQUE (run_id, key),
    CHECK (first_pass BETWEEN 1 AND pass),
    CHECK ((state = 'proven') = (proof IS NOT NULL AND distinct_keys IS NOT NULL)),
    CHECK ((state = 'failed') = (error IS NOT NULL))
);
COMMENT ON COLUMN {s}.slice.first_pass IS 'passes count from here; adoption moves it';
COMMENT ON COLUMN {s}.slice.planned IS 'pages of the pass: set when its end is known';
COMMENT ON COLUMN {s}.slice.drift IS 'why nothing more of this pass is claimed';
COMMENT ON COLUMN {s}.slice.moved IS 'why the pass before this one did not prove the slice';
CREATE INDEX slice_open ON {s}.slice (run_id) WHERE state = 'open';

-- No foreign key: to check it took two fifths of planning's time, and pruning deletes the pages before their slice.
CREATE TABLE {s}.page (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id       bigint NOT NULL,
    slice_id     bigint NOT NULL,
    pass         int NOT NULL CHECK (pass >= 1),
    no           bigint NOT NULL CHECK (no >= 0),
    state        text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'leased', 'done', 'failed')),
    epoch        bigint NOT NULL DEFAULT 0,
    worker       uuid,
    leased_at    timestamptz,
    claims       int NOT NULL DEFAULT 0,
    attempts     int NOT NULL DEFAULT 0,
    not_before   timestamptz NOT NULL DEFAULT 'epoch',
    fetched      int,
    stored       int,
    quarantined  int,
    duplicates   int,
    total        bigint,
    content_hash bigint,
    failure      text CHECK (failure IN ('unavailable', 'refused')),
    error        text,
    UNIQUE (slice_id, pass, no),
    CHECK (state <> 'leased' OR (worker IS NOT NULL AND leased_at IS NOT NULL)),
    CHECK (state <> 'pending' OR worker IS NULL),
    CHECK ((state = 'done' AND no > 0) = (fetched IS NOT NULL)),
    CHECK ((state = 'failed') = (failure IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0);
CREATE INDEX page_pending ON {s}.page (run_id, slice_id, no) WHERE state = 'pending';
CREATE INDEX page_leased ON {s}.page (run_id, slice_id) WHERE state = 'leased';
CREATE INDEX page_failed ON {s}.page (run_id, slice_id) WHERE state = 'failed';

CREATE TABLE {s}.page_keys (
    slice_id bigint NOT NULL,
    pass     int NOT NULL,
    no       bigint NOT NULL,
    keys     bigint[] NOT NULL,
    PRIMARY KEY (slice_id, pass, no)
);
ALTER TABLE {s}.page_keys ALTER COLUMN keys SET STORAGE EXTERNAL;

CREATE TABLE {s}.tally (
    slice_id    bigint NOT NULL REFERENCES {s}.slice ON DELETE CASCADE,
    pass        int NOT NULL,
    backend     int NOT NULL,
    pages       bigint NOT NULL,
    fetched     bigint NOT NULL,
    stored      bigint NOT NULL,
    quarantined bigint NOT NULL,
    duplicates  bigint NOT NULL,
    PRIMARY KEY (slice_id, pass, backend)
) WITH (fillfactor = 50);

CREATE TABLE {s}.quarantine (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id     bigint NOT NULL REFERENCES {s}.run ON DELETE CASCADE,
    slice_id   bigint NOT NULL REFERENCES {s}.slice ON DELETE CASCADE,
    pass       int NOT NULL,
    page_no    bigint NOT NULL,
    row_no     int,
    reason     text NOT NULL,
    payload    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT {s}.clock()
);
COMMENT ON COLUMN {s}.quarantine.row_no IS 'its place in the page, from 0; NULL for a whole page';
CREATE INDEX quarantine_of_run ON {s}.quarantine (run_id);
CREATE INDEX quarantine_of_slice ON {s}.quarantine (slice_id, pass, page_no);
)";

// What `report` shows and nothing else needs: no index, nothing that a claim or a commit reads.
constexpr std::string_view version_2 = R"(
ALTER TABLE {s}.page ADD COLUMN done_at timestamptz, ADD COLUMN fetch_ms int, ADD COLUMN setbacks int NOT NULL DEFAULT 0;
COMMENT ON COLUMN {s}.page.fetch_ms IS 'from the request that brought the page to the last byte of its answer';
COMMENT ON COLUMN {s}.page.setbacks IS 'tries that did not bring the page, also those that do not count as attempts';

CREATE TABLE {s}.setback (
    run_id   bigint NOT NULL REFERENCES {s}.run ON DELETE CASCADE,
    cause    text NOT NULL,
    counted  bigint NOT NULL,
    times    bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    PRIMARY KEY (run_id, cause)
);
COMMENT ON TABLE {s}.setback IS 'how often a page was not stored at once, by cause';
COMMENT ON COLUMN {s}.setback.cause IS 'at most 200 characters of it';
COMMENT ON COLUMN {s}.setback.counted IS 'of `times`, those that count as attempts of their page';
)";

constexpr std::string_view version_3 = R"(
ALTER TABLE {s}.run ADD COLUMN target text[];
COMMENT ON COLUMN {s}.run.target IS 'what the table that its pages were stored in consists of, oid:filenode each';
)";

constexpr std::string_view version_5 = R"(
ALTER TABLE {s}.schema_version ADD COLUMN salt uuid;
COMMENT ON COLUMN {s}.schema_version.salt IS 'of version 1: what hashes of values are salted with';
UPDATE {s}.schema_version SET salt = gen_random_uuid() WHERE version = 1;
)";

// Which run took over what was superseded before, nobody noted: the next one stands for it.
constexpr std::string_view version_6 = R"(
ALTER TABLE {s}.slice ADD COLUMN carried_from bigint, ADD COLUMN taken_over_by bigint, ADD COLUMN abandoned text,
    DROP CONSTRAINT slice_state_check,
    ADD CONSTRAINT slice_state_check CHECK (state IN ('open', 'proven', 'failed', 'split', 'abandoned')),
    ADD CHECK ((state = 'abandoned') = (abandoned IS NOT NULL));
COMMENT ON COLUMN {s}.slice.carried_from IS 'the run that left it unfinished; NULL: the run planned it itself';
COMMENT ON COLUMN {s}.slice.taken_over_by IS 'the newer run that pulls it anew';
COMMENT ON COLUMN {s}.slice.abandoned IS 'why nobody is to pull it any more';
CREATE INDEX slice_carried ON {s}.slice (run_id) WHERE carried_from IS NOT NULL AND state IN ('open', 'failed');
CREATE INDEX slice_left ON {s}.slice (run_id) WHERE state IN ('open', 'failed') AND taken_over_by IS NULL;
UPDATE {s}.slice s SET taken_over_by = (SELECT min(n.id) FROM {s}.run n WHERE n.pipeline = r.pipeline AND n.id > r.id)
FROM {s}.run r WHERE r.id = s.run_id AND r.state = 'superseded' AND s.state IN ('open', 'failed');
ALTER TABLE {s}.slice DROP CONSTRAINT slice_proof_check, ADD CONSTRAINT slice_proof_check
    CHECK (proof IN ('counts', 'counts, end not shown', 'pages', 'pages, end not shown'));
ALTER TABLE {s}.page ADD COLUMN lost_with uuid[];
COMMENT ON COLUMN {s}.page.lost_with IS 'the workers it was lost with since `claims` was 0';
)";

// Bytes are read out at a tenth of what an array costs, whose elements are written one by one. The runs that
// go on keep theirs.
constexpr std::string_view version_7 = R"(
ALTER TABLE {s}.page_keys RENAME COLUMN keys TO hashes;
ALTER TABLE {s}.page_keys ALTER COLUMN hashes DROP NOT NULL, ADD COLUMN keys bytea;
ALTER TABLE {s}.page_keys ALTER COLUMN keys SET STORAGE EXTERNAL;
UPDATE {s}.page_keys SET keys = coalesce((SELECT string_agg(int8send(h), '') FROM unnest(hashes) h), '');
ALTER TABLE {s}.page_keys DROP COLUMN hashes, ALTER COLUMN keys SET NOT NULL;
COMMENT ON COLUMN {s}.page_keys.keys IS 'hashes of the pages'' keys, eight bytes each';
)";

constexpr std::string_view version_8 = R"(
CREATE TABLE {s}.rate_budget (
    pipeline     text PRIMARY KEY,
    next_slot    timestamptz NOT NULL DEFAULT 'epoch',
    handed       bigint NOT NULL DEFAULT 0,
    paused_until timestamptz NOT NULL DEFAULT 'epoch'
) WITH (fillfactor = 10);
COMMENT ON TABLE {s}.rate_budget IS 'what the processes of a pipeline share of source.limits.rate';
COMMENT ON COLUMN {s}.rate_budget.next_slot IS 'when the first request may go that nobody was handed a slot for';
COMMENT ON COLUMN {s}.rate_budget.handed IS 'slots since a process started alone';
COMMENT ON COLUMN {s}.rate_budget.paused_until IS 'the API has asked one of them to wait';
)";

// For whoever scales workers, who may read this and nothing else. A run that was told to stop (a credential,
// say) wants none, nor does one at which nobody has worked for an hour: its Job, or the next, goes on with
// it.
constexpr std::string_view version_9 = R"(
CREATE VIEW {s}.queue_length AS
SELECT r.pipeline, r.id AS run, sum(t.pending)::bigint AS pending, sum(t.leased)::bigint AS leased,
    sum(t.pending + t.leased)::bigint AS length
FROM {s}.run r JOIN {s}.run_tally t ON t.run_id = r.id
WHERE r.state = 'running' AND r.stop_reason IS NULL AND EXISTS (
    SELECT FROM {s}.worker w WHERE w.run_id = r.id AND w.heartbeat_at > {s}.clock() - interval '1 hour')
GROUP BY r.pipeline, r.id;
COMMENT ON VIEW {s}.queue_length IS 'runs in progress, and their pages that are to be pulled or in somebody''s hands';
)";

// Each process's own word, told with its heartbeat: one of them tells the gateway of all.
constexpr std::string_view version_10 = R"(
ALTER TABLE {s}.worker ADD COLUMN pages bigint, ADD COLUMN rows_stored bigint, ADD COLUMN requests bigint,
    ADD COLUMN setbacks bigint, ADD COLUMN in_flight int, ADD COLUMN in_flight_limit int, ADD COLUMN exit_code int,
    ADD COLUMN credential_refused boolean, ADD COLUMN redeliveries bigint;
COMMENT ON COLUMN {s}.worker.pages IS 'stored since its start, as of its last heartbeat; NULL: an older program does not tell';
COMMENT ON COLUMN {s}.worker.setbacks IS 'tries that brought no page';
COMMENT ON COLUMN {s}.worker.redeliveries IS 'messages of a broker that somebody had had before';
COMMENT ON COLUMN {s}.worker.credential_refused IS 'the newest credential that it has: nobody else''s need be';
COMMENT ON COLUMN {s}.worker.exit_code IS 'NULL: it has not settled, or an older program';
)";

// The tokens of source.auth where each use of a refresh token ends it.
constexpr std::string_view version_12 = R"(
CREATE TABLE {s}.credential (
    pipeline   text NOT NULL,
    name       text NOT NULL,
    generation bigint NOT NULL DEFAULT 0,
    pair       bytea NOT NULL DEFAULT '',
    sealed     boolean NOT NULL DEFAULT false,
    stored_at  timestamptz,
    expires_at timestamptz,
    PRIMARY KEY (pipeline, name)
);
COMMENT ON TABLE {s}.credential IS 'what the processes of a pipeline share of a credential that is renewed';
COMMENT ON COLUMN {s}.credential.generation IS 'one more with each pair of tokens; 0: none yet';
COMMENT ON COLUMN {s}.credential.pair IS 'the tokens; encrypted where sealed';
)";

// What programs look at that meet a ledger newer than they know, for good: a step without a record serves its
// own version alone, and the ledger serves whom all its steps serve.
constexpr std::string_view version_17 = R"(
ALTER TABLE {s}.schema_version ADD COLUMN serves_from int CHECK (serves_from BETWEEN 1 AND version);
COMMENT ON COLUMN {s}.schema_version.serves_from IS
    'the oldest version whose programs work with a ledger that has had this step; NULL: this one''s alone';
)";

// Programs up to version 16 look at no record, and refuse what is newer than they are.
constexpr std::array steps{
    SchemaStep{.version = 1, .serves_from = 1, .sql = version_1},
    SchemaStep{.version = 2, .serves_from = 2, .sql = version_2},
    SchemaStep{.version = 3, .serves_from = 3, .sql = version_3},
    SchemaStep{.version = 4, .serves_from = 4, .sql = version_4},
    SchemaStep{.version = 5, .serves_from = 5, .sql = version_5},
    SchemaStep{.version = 6, .serves_from = 6, .sql = version_6},
    SchemaStep{.version = 7, .serves_from = 7, .sql = version_7},
    SchemaStep{.version = 8, .serves_from = 8, .sql = version_8},
    SchemaStep{.version = 9, .serves_from = 9, .sql = version_9},
    SchemaStep{.version = 10, .serves_from = 10, .sql = version_10},
    SchemaStep{.version = 11, .serves_from = 11, .sql = version_11},
    SchemaStep{.version = 12, .serves_from = 12, .sql = version_12},
    SchemaStep{.version = 13, .serves_from = 13, .sql = version_13},
    SchemaStep{.version = 14, .serves_from = 14, .sql = version_14},
    SchemaStep{.version = 15, .serves_from = 15, .sql = version_15},
    SchemaStep{.version = 16, .serves_from = 15, .sql = version_16},
    SchemaStep{.version = 17, .serves_from = 16, .sql = version_17},
};

constexpr bool each_follows_the_one_before() {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].version != static_cast<int>(i) + 1) return false;
        if (steps[i].serves_from < 1 || steps[i].serves_from > steps[i].version) return false;
    }
    return true;
}
static_assert(each_follows_the_one_before());

}  // namespace

std::span<const SchemaStep> schema_steps() {
    return steps;
}

}  // namespace pagehaul::ledger
