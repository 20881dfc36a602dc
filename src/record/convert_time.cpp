#include <chrono>
#include <string>

#include "record/convert.h"
#include "record/moment.h"

namespace pagehaul::record {
namespace {

constexpr Refusal kDate = "expected a date, yyyy-mm-dd";
constexpr Refusal kTime = "expected a time of day, hh:mm:ss[.ffffff]";
constexpr Refusal kTimestamp = "expected a time without offset, yyyy-mm-ddThh:mm:ss[.ffffff]";
constexpr Refusal kTimestamptz = "expected a time with its offset, yyyy-mm-ddThh:mm:ss[.ffffff](Z or +hh:mm)";

Refusal convert_moment(const Input& input, bool with_offset, Refusal refusal, CopyBuffer& out,
                       std::string* key) {
    Moment moment;
    if (input.kind != Kind::string || !read_moment(input.text, moment) || moment.has_offset != with_offset)
        return refusal;
    if (moment.needs_rewrite) {
        if (!is_writable(moment.micros())) return refusal;  // by rounding
        write_moment(moment.micros(), with_offset, out);
    } else {
        out.raw(input.text);
    }
    if (key != nullptr) append_number(moment.micros(), *key);
    return nullptr;
}

}  // namespace

Refusal convert_date(const Input& input, CopyBuffer& out, std::string* key) {
    std::chrono::sys_days day;
    if (input.kind != Kind::string || !read_date(input.text, day)) return kDate;
    out.raw(input.text);
    if (key != nullptr) key->append(input.text);
    return nullptr;
}

Refusal convert_time(const Input& input, CopyBuffer& out, std::string* key) {
    Moment moment;
    if (input.kind != Kind::string || !read_clock(input.text, moment)) return kTime;
    if (moment.needs_rewrite) {
        // Rounding may reach 24:00:00, which PostgreSQL has.
        write_clock(moment.micros_of_day, out);
    } else {
        out.raw(input.text);
    }
    if (key != nullptr) append_number(moment.micros_of_day, *key);
    return nullptr;
}

Refusal convert_timestamp(const Input& input, CopyBuffer& out, std::string* key) {
    return convert_moment(input, false, kTimestamp, out, key);
}

Refusal convert_timestamptz(const Input& input, CopyBuffer& out, std::string* key) {
    return convert_moment(input, true, kTimestamptz, out, key);
}

}  // namespace pagehaul::record
