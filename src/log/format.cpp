#include <cmath>
#include <cstdio>
#include <ctime>

#include "core/printable.h"
#include "core/utf8.h"
#include "log/log.h"

namespace pagehaul::log {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "error";
}

void append_escaped(std::string& out, std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        const std::size_t bytes = utf8_character(text, i);
        if (bytes == 0) {
            out += kReplacement;
            ++i;
            continue;
        }
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else {
            append_printable(out, text.substr(i, bytes));
        }
        i += bytes;
    }
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    append_escaped(out, text);
    return out += '"';
}

std::string plain_number(double value) {
    if (!std::isfinite(value)) return "null";
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

bool needs_quotes(std::string_view text) {
    return text.empty() || text.find_first_of(" =\"\\\n\r\t") != std::string_view::npos;
}

std::string value_text(const Value& value, Format format) {
    struct Write {
        Format format;
        std::string operator()(bool v) const { return v ? "true" : "false"; }
        std::string operator()(std::int64_t v) const { return std::to_string(v); }
        std::string operator()(double v) const { return plain_number(v); }
        std::string operator()(const std::string& v) const {
            if (format == Format::json || needs_quotes(v)) return quoted(v);
            std::string out;
            append_escaped(out, v);
            return out;
        }
    };
    return std::visit(Write{format}, value.any());
}

std::string utc(std::chrono::system_clock::time_point time) {
    const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    const std::time_t stamp = seconds.count();
    std::tm parts{};
    ::gmtime_r(&stamp, &parts);
    char text[48];
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                  parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                  static_cast<int>((since - seconds).count()));
    return text;
}

std::string json_line(std::string_view time, Level level, std::string_view message,
                      std::span<const Field> context, std::span<const Field> fields) {
    std::string line = "{\"ts\":\"";
    line += time;
    line += "\",\"level\":\"";
    line += name_of(level);
    line += "\",\"msg\":";
    line += quoted(message);
    for (const auto part : {context, fields}) {
        for (const Field& field : part) {
            line += ',';
            line += quoted(field.name);
            line += ':';
            line += value_text(field.value, Format::json);
        }
    }
    return line += '}';
}

/// For people at a terminal: the context is theirs already, it is left out.
std::string text_line(std::string_view time, Level level, std::string_view message,
                      std::span<const Field> fields) {
    std::string line(time.substr(11, 12));
    line += ' ';
    std::string name(name_of(level));
    name.resize(5, ' ');
    line += name;
    line += ' ';
    append_escaped(line, message);
    for (const Field& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        line += value_text(field.value, Format::text);
    }
    return line;
}

}  // namespace

std::string format_line(Format format, std::chrono::system_clock::time_point time, Level level,
                        std::string_view message, std::span<const Field> context,
                        std::span<const Field> fields) {
    const std::string stamp = utc(time);
    return format == Format::json ? json_line(stamp, level, message, context, fields)
                                  : text_line(stamp, level, message, fields);
}

}  // namespace pagehaul::log
