#include "ledger/schema.h"

#include <array>

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

constexpr std::array steps{
    SchemaStep{.version = 1, .sql = version_1}, SchemaStep{.version = 2, .sql = version_2},
    SchemaStep{.version = 3, .sql = version_3}, SchemaStep{.version = 4, .sql = version_4},
    SchemaStep{.version = 5, .sql = version_5}, SchemaStep{.version = 6, .sql = version_6}};

}  // namespace

std::span<const SchemaStep> schema_steps() {
    return steps;
}

}  // namespace pagehaul::ledger
