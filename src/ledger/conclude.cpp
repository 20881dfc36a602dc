#include "ledger/conclude.h"

#include "core/join.h"
#include "ledger/passes.h"
#include "ledger/plan.h"
#include "ledger/split.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view proven_slices_sql = R"(
UPDATE {s}.slice s SET state = 'proven', proof = v.proof, distinct_keys = v.distinct_keys
FROM (VALUES {rows}) v (id, pass, proof, distinct_keys)
WHERE s.id = v.id AND s.pass = v.pass AND s.state = 'open';)";
constexpr std::string_view extend_sql = R"(
INSERT INTO {s}.page (run_id, slice_id, pass, no)
SELECT {run}, v.id, v.pass, no FROM (VALUES {rows}) v (id, pass, first, last), generate_series(first, last) no
ORDER BY v.id, no;)";
// What failed behind the end is no page of the slice.
constexpr std::string_view end_sql = R"(
WITH v (id, pass, planned) AS (VALUES {rows}),
dropped AS (
    DELETE FROM {s}.page p USING v
    WHERE p.slice_id = v.id AND p.pass = v.pass AND p.no > v.planned AND p.state = 'failed'
    RETURNING p.slice_id, p.pass, p.no),
released AS (
    DELETE FROM {s}.quarantine q USING dropped d
    WHERE q.slice_id = d.slice_id AND q.pass = d.pass AND q.page_no = d.no AND q.row_no IS NULL)
UPDATE {s}.slice s SET planned = v.planned FROM v
WHERE s.id = v.id AND s.pass = v.pass AND s.state = 'open';)";
constexpr std::string_view proof_page_sql = R"(
INSERT INTO {s}.page (run_id, slice_id, pass, no)
SELECT {run}, v.id, v.pass, 0 FROM (VALUES {rows}) v (id, pass) ORDER BY v.id
ON CONFLICT (slice_id, pass, no) DO NOTHING;)";

std::string row_of(const SliceView& slice, const std::vector<std::string>& rest = {}) {
    std::vector<std::string> fields{std::to_string(slice.id) + "::bigint", std::to_string(slice.pass)};
    fields.insert(fields.end(), rest.begin(), rest.end());
    return row(fields);
}

}  // namespace

void Conclusions::proven(const SliceView& slice, const std::string& by, std::int64_t distinct_keys) {
    proven_.push_back(row_of(slice, {text_literal(by), std::to_string(distinct_keys) + "::bigint"}));
}
void Conclusions::failed(const SliceView& slice, const std::string& why) {
    failed_.push_back(row_of(slice, {told_literal(scope_, why)}));
    news_.push_back(
        {.slice_key = slice.key, .pass = slice.pass, .became = SliceNews::Became::failed, .why = why});
}
void Conclusions::moved(const SliceView& slice, const std::string& why) {
    const auto next = after_moved(policies_.of(slice.stream), slice.pass, slice.first_pass, why);
    if (const auto* used_up = std::get_if<PassesUsedUp>(&next)) return failed(slice, used_up->why);
    moved_.push_back(row_of(slice, {told_literal(scope_, std::get<NextPass>(next).why)}));
    news_.push_back(
        {.slice_key = slice.key, .pass = slice.pass, .became = SliceNews::Became::again, .why = why});
}
void Conclusions::split(const SliceView& slice, const std::string& why) {
    split_.push_back(row_of(slice));
    news_.push_back(
        {.slice_key = slice.key, .pass = slice.pass, .became = SliceNews::Became::split, .why = why});
}
void Conclusions::extend(const SliceView& slice, std::int64_t to) {
    extended_.push_back(row_of(
        slice, {std::to_string(slice.window.highest + 1) + "::bigint", std::to_string(to) + "::bigint"}));
}
void Conclusions::end_found(const SliceView& slice, std::int64_t planned) {
    ended_.push_back(row_of(slice, {std::to_string(planned) + "::bigint"}));
}
void Conclusions::ask_for_proof(const SliceView& slice) {
    asked_.push_back(row_of(slice));
}

void Conclusions::write(postgres::Connection& connection) const {
    std::string sql;
    if (!proven_.empty()) sql += fill(proven_slices_sql, scope_, {{"rows", join(proven_, ",")}});
    if (!failed_.empty()) sql += fail_statements(scope_, failed_);
    if (!moved_.empty()) sql += next_pass_statements(scope_, moved_);
    if (!split_.empty()) sql += split_statements(scope_, split_);
    if (!extended_.empty()) sql += fill(extend_sql, scope_, {{"rows", join(extended_, ",")}});
    if (!ended_.empty()) sql += fill(end_sql, scope_, {{"rows", join(ended_, ",")}});
    if (!asked_.empty()) sql += fill(proof_page_sql, scope_, {{"rows", join(asked_, ",")}});
    if (!sql.empty()) connection.exec(sql);
}

}  // namespace pagehaul::ledger
