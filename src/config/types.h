#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/yaml/type.h"

/// The types that keys of a config have.
namespace pagehaul::config {

Type<bool> boolean();
Type<std::int64_t> integer(std::int64_t least, std::int64_t most);
/// `or_word` ("auto or ") begins the text of what was expected.
Type<int> small_integer(int least, int most, const std::string& or_word = {});
Type<Millis> duration(Millis least, Millis most);
/// Whole days: "90d".
Type<int> days(int least, int most);
Type<std::chrono::days> retention();
Type<std::int64_t> size(std::int64_t least, std::int64_t most);
Type<Rate> rate();
Type<QuarantineLimit> quarantine_limit();
/// A number from 0 to 1.
Type<double> share();
Type<DayBound> day_bound();
/// "7d" or "1w".
Type<int> day_step(int least, int most);
Type<int> month_step();
Type<ClockBound> clock_bound();
/// Minutes or hours that divide a day.
Type<std::chrono::minutes> clock_step();
Type<std::chrono::minutes> time_of_day();
Type<std::string> zone();

/// Any text, variables in it secret.
Type<std::string> text();
/// A text with a rule. `fault` says what is wrong with one, or nothing. Variables in it are open.
Type<std::string> ruled_text(std::string expected, const std::string& pattern,
                             std::function<std::optional<std::string>(std::string_view)> fault);
Type<std::string> json_pointer(const std::string& expected);
Type<std::string> identifier();
Type<std::string> url();
/// A text that holds `{{ … }}`, variables in it secret.
Type<std::string> template_text();

/// A credential: not empty, whole value secret even if it is written into the file.
Type<Secret> secret();
/// A text without line breaks, not empty: secret only if it comes from a variable.
Type<Secret> open_secret(const std::string& expected);
/// A private key as PEM: lines, of which the whole is secret.
Type<Secret> private_key();
/// A user's name: secret only if it comes from a variable.
Type<Secret> user_name();
/// A text of any lines that holds `{{ … }}`: secret only if it comes from a variable.
Type<Secret> secret_template(const std::string& expected);
/// A credential that may hold `{{ … }}`.
Type<Secret> key_template();
/// A request header's value: a template; secret if it comes from a variable.
Type<Secret> header_value();
Type<Secret> dsn();

/// A JSON document written in YAML: a mapping or a list, null and nested values as they are.
Type<Json> json_document();
/// A number, a string, or true and false where `allow_boolean`; null never.
Type<SliceValue> slice_value(bool allow_boolean);

}  // namespace pagehaul::config
