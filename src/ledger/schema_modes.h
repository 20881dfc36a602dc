#pragma once

#include <string_view>

namespace pagehaul::ledger {

// What sink.mode: append has published. It outlives its run: a slice is appended once.
constexpr std::string_view version_15 = R"(
CREATE TABLE {s}.published (
    pipeline     text NOT NULL,
    stream       text NOT NULL DEFAULT '',
    slice_key    text NOT NULL,
    params       text NOT NULL,
    run_id       bigint NOT NULL,
    rows         bigint NOT NULL,
    published_at timestamptz NOT NULL DEFAULT {s}.clock(),
    PRIMARY KEY (pipeline, stream, slice_key)
);
COMMENT ON TABLE {s}.published IS 'slices whose rows sink.mode: append has inserted, and never inserts again';
COMMENT ON COLUMN {s}.published.params IS 'of the slice, as it was then';
)";

}  // namespace pagehaul::ledger
