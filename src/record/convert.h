#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/config.h"
#include "record/copy_buffer.h"
#include "record/json_reader.h"

namespace pagehaul::record {

/// What a column is to be made from: a scalar's text (a string unescaped), or a container's raw JSON.
struct Input {
    std::string_view text;
    Kind kind = Kind::string;
    bool plain = false;  ///< the text holds nothing that COPY text escapes
};

/// Why a value was refused, as "expected …"; nullptr when it was accepted.
using Refusal = const char*;

/// Writes a value as COPY text of the type, and appends its canonical form (one spelling a value) to `key`
/// unless that is null. On refusal both may hold a part of it: the caller rewinds. Never lets anything pass
/// that Postgres would refuse for the type, or read as another value:
///
/// bigint, integer, smallint    numbers of integral value (12, 12.0, 1e3), strings of them too, with + and
/// blanks around:
///                    as numeric reads them
/// numeric            numbers and strings, digit for digit; no NaN, no Infinity
/// double precision, real   the same, if a double, or a float, can hold its magnitude
/// boolean            true, false, 1, 0, and what Postgres spells out: t, f, yes, no, y, n, on, off
/// text               strings; numbers and booleans as written
/// date               yyyy-mm-dd, years 0001 to 9999
/// time               hh:mm[:ss[.fraction]] up to 23:59:59; no offset
/// timestamp          date[(T or blank)hh:mm[:ss[.fraction]]]; no offset: Postgres would ignore it
/// timestamptz        the same with Z, ±hh, ±hhmm or ±hh:mm; without an offset it is ambiguous
/// uuid               32 hexadecimal digits, grouped 8-4-4-4-12 or not, in braces or not
Refusal convert_bigint(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_integer(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_smallint(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_numeric(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_double(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_real(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_boolean(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_text(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_date(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_time(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_timestamp(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_timestamptz(const Input& input, CopyBuffer& out, std::string* key);
Refusal convert_uuid(const Input& input, CopyBuffer& out, std::string* key);
/// What a column's `format` says instead stands in time_format.h.
/// The one of these for a type; nullptr for jsonb, which is convert_json's.
Refusal (*converter(config::ColumnType type))(const Input&, CopyBuffer&, std::string*);

/// A container or scalar as raw JSON whose grammar has been checked.
struct JsonInput {
    std::string_view raw;
    bool plain = false;         ///< holds nothing that COPY text escapes
    bool wide_numbers = false;  ///< a number may be beyond numeric: they are looked at one by one
};
/// For a jsonb column: \u0000 becomes \ufffd and is counted; lone surrogates and numbers beyond numeric are
/// refused, as Postgres would.
Refusal convert_json(const JsonInput& input, CopyBuffer& out, std::int32_t& nul_replaced);

}  // namespace pagehaul::record
