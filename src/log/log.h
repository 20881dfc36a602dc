#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// The log: one line an event, to stderr; a verb's data goes to stdout and never through here.
///
///     log::warn("page failed", {{"slice", key}, {"page", 3}, {"attempt", 2}, {"cause", text}, {"delay_ms",
///     500}});
///
/// One schema: deploy/logs.md, which a test holds against real runs. As JSON `ts`, `level`, `msg` come first,
/// then the context (set once known, in every line after), then the event's own fields. A new event takes its
/// names from there, or adds them there; a name has one type everywhere.
///
/// Never logged: headers, bodies, secrets. The redactor runs over every message and string field before it is
/// written. All functions are thread-safe and synchronous; warnings and errors are flushed.
namespace pagehaul::log {

enum class Level { debug, info, warn, error };
enum class Format { json, text };

/// A field's value; keeps its type in JSON. Durations become whole milliseconds.
class Value {
  public:
    Value(bool value) : value_(value) {}
    template <std::integral T>
    requires(!std::same_as<T, bool>) Value(T value) : value_(static_cast<std::int64_t>(value)) {}
    Value(double value) : value_(value) {}
    Value(std::string value) : value_(std::move(value)) {}
    Value(std::string_view value) : value_(std::string(value)) {}
    Value(const char* value) : value_(std::string(value)) {}
    template <class Rep, class Period>
    Value(std::chrono::duration<Rep, Period> value)
        : value_(static_cast<std::int64_t>(
              std::chrono::duration_cast<std::chrono::milliseconds>(value).count())) {}

    using Any = std::variant<bool, std::int64_t, double, std::string>;
    const Any& any() const { return value_; }
    friend bool operator==(const Value&, const Value&) = default;

  private:
    Any value_;
};

struct Field {
    std::string name;
    Value value;
};

void write(Level level, std::string_view message, std::span<const Field> fields);
inline void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    write(level, message, std::span<const Field>(fields.begin(), fields.size()));
}
/// For fields that cost something to make.
bool enabled(Level level);

inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    if (enabled(Level::debug)) write(Level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::info, message, fields);
}
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::warn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::error, message, fields);
}

/// Until the first call: text at info. May be called again.
void configure(Level level, Format format);
/// A field of every line from now on; set again, it is replaced.
void set_context(std::string name, Value value);
/// Takes the secrets out of a text's first `bytes`; npos: of all of it.
using Redact = std::function<std::string(std::string_view text, std::size_t bytes)>;
/// Applied to messages and string values. It must not log. An empty function: none.
void set_redactor(Redact redactor);
/// `text` without secrets: for what is written elsewhere, to the ledger, a terminal or another server.
std::string redacted(std::string_view text);
/// The same for at most the first `bytes` of a text, cut between characters. Never redact what is cut
/// already: of a secret across the cut the beginning would stay.
std::string excerpt(std::string_view text, std::size_t bytes);

/// The last line of a terminal, redrawn below whatever is logged; empty takes it away. Only for a stderr that
/// is a terminal.
void set_status_line(std::string line);
bool stderr_is_terminal();

/// How a line looks, without the end of line. `time` in UTC. Bytes that are not UTF-8 become U+FFFD.
std::string format_line(Format format, std::chrono::system_clock::time_point time, Level level,
                        std::string_view message, std::span<const Field> context,
                        std::span<const Field> fields);

/// For tests: takes the lines instead of stderr, at debug level and in `format`, while it lives. One at a
/// time.
class Capture {
  public:
    explicit Capture(Format format = Format::json);
    ~Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;
    std::vector<std::string> lines() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pagehaul::log
