#include "ledger/children.h"

#include <set>

#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// In the order of their keys: of two commits that make the same ones, one waits for the other.
constexpr std::string_view children_sql = R"(
WITH planned AS (
    INSERT INTO {s}.slice (run_id, key, params, stream, is_child)
    SELECT {run}, v.key, v.params, v.stream, true
    FROM unnest({keys}, {params}, {streams}) v (key, params, stream)
    {unpublished} ORDER BY v.key ON CONFLICT (run_id, key) DO NOTHING RETURNING id)
INSERT INTO {s}.page (run_id, slice_id, pass, no) SELECT {run}, id, 1, 1 FROM planned ORDER BY id;)";

// What this run has published has its slice.
constexpr std::string_view unpublished_sql =
    R"(WHERE NOT (v.stream = ANY ({once}) AND EXISTS (SELECT FROM {s}.published p
        WHERE p.pipeline = {pipeline} AND p.stream = '' AND p.slice_key = v.key AND p.params = v.params)))";

}  // namespace

std::string child_statements(const Scope& scope, const Policies& policies,
                             const std::vector<const PageResult*>& pages) {
    std::vector<std::string> keys, params, streams;
    std::set<std::string> once;
    for (const PageResult* page : pages)
        for (const PlannedSlice& child : page->children) {
            keys.push_back(child.key);
            params.push_back(child.params);
            streams.push_back(child.stream);
            if (policies.of(child.stream).once) once.insert(child.stream);
        }
    if (keys.empty()) return "";
    return fill(children_sql, scope,
                {{"keys", text_array(keys)},
                 {"params", text_array(params)},
                 {"streams", text_array(streams)},
                 {"unpublished", once.empty() ? ""
                                              : fill(unpublished_sql, scope,
                                                     {{"once", text_array({once.begin(), once.end()})}})}});
}

}  // namespace pagehaul::ledger
