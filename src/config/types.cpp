#include "config/types.h"

#include "config/values.h"

namespace pagehaul::config {
namespace {

using namespace std::chrono_literals;

Node string_schema() {
    return Node::mapping().with("type", Node::string("string"));
}
Node pattern_schema(const std::string& pattern) {
    return string_schema().with("pattern", Node::string(pattern));
}

std::string range(const std::string& least, const std::string& most) {
    return " from " + least + " to " + most;
}

// Most leaves are a parser, a writer and bounds.
template <class T>
Type<T> bounded(const std::string& expected, std::optional<T> (*parse)(std::string_view),
                std::string (*write)(T), T least, T most, const std::string& pattern) {
    return leaf<T>({
        .expected = expected,
        .parse = [parse, least, most](std::string_view text) -> tl::expected<T, std::string> {
            const auto value = parse(text);
            if (!value || *value < least || *value > most) return not_expected();
            return *value;
        },
        .write = [write](const T& value) { return Node::string(write(value)); },
        .schema = pattern_schema(pattern),
    });
}

template <class T>
Type<T> whole_number(T least, T most, const std::string& or_word = {}) {
    return leaf<T>({
        .expected = or_word + "a whole number" + range(std::to_string(least), std::to_string(most)),
        .parse = [least, most](std::string_view text) -> tl::expected<T, std::string> {
            const auto value = parse_integer(text);
            if (!value || *value < least || *value > most) return not_expected();
            return static_cast<T>(*value);
        },
        .write = [](const T& value) { return Node::number(value); },
        .schema = Node::mapping()
                      .with("type", Node::string("integer"))
                      .with("minimum", Node::number(least))
                      .with("maximum", Node::number(most)),
        .is_text = false,
    });
}

}  // namespace

Type<bool> boolean() {
    return leaf<bool>({
        .expected = "true or false",
        .parse = [](std::string_view text) -> tl::expected<bool, std::string> {
            if (text == "true") return true;
            if (text == "false") return false;
            return not_expected();
        },
        .write = [](const bool& value) { return Node::boolean(value); },
        .schema = Node::mapping().with("type", Node::string("boolean")),
        .is_text = false,
    });
}

Type<std::int64_t> integer(std::int64_t least, std::int64_t most) {
    return whole_number<std::int64_t>(least, most);
}
Type<int> small_integer(int least, int most, const std::string& or_word) {
    return whole_number<int>(least, most, or_word);
}

Type<Millis> duration(Millis least, Millis most) {
    return bounded<Millis>(
        "a duration such as 500ms, 5s, 2m, 1h or 7d," + range(write_duration(least), write_duration(most)),
        parse_duration, write_duration, least, most, "^[0-9]+(ms|s|m|h|d)$");
}

Type<int> days(int least, int most) {
    return bounded<int>(
        "a number of days such as 7d," + range(std::to_string(least) + "d", std::to_string(most) + "d"),
        parse_days, [](int value) { return std::to_string(value) + "d"; }, least, most, "^[0-9]+d$");
}

Type<std::chrono::days> retention() {
    return bounded<std::chrono::days>(
        "a number of days such as 90d, from 1d to 3650d",
        [](std::string_view text) -> std::optional<std::chrono::days> {
            const auto days = parse_days(text);
            if (!days) return std::nullopt;
            return std::chrono::days(*days);
        },
        [](std::chrono::days value) { return std::to_string(value.count()) + "d"; }, std::chrono::days(1),
        std::chrono::days(3'650), "^[0-9]+d$");
}

Type<std::int64_t> size(std::int64_t least, std::int64_t most) {
    return bounded<std::int64_t>(
        "a size such as 512KiB, 16MiB or 1GiB," + range(write_size(least), write_size(most)), parse_size,
        write_size, least, most, "^[0-9]+(B|KiB|MiB|GiB)$");
}

Type<Rate> rate() {
    return leaf<Rate>({
        .expected = "a rate above 0 such as 5/s, 300/m or 1000/h",
        .parse = [](std::string_view text) -> tl::expected<Rate, std::string> {
            const auto value = parse_rate(text);
            if (!value) return not_expected();
            return *value;
        },
        .write = [](const Rate& value) { return Node::string(write_rate(value)); },
        .schema = pattern_schema("^[0-9]+(\\.[0-9]+)?/[smh]$"),
    });
}

Type<QuarantineLimit> quarantine_limit() {
    return leaf<QuarantineLimit>({
        .expected = "a number of rows such as 25 or a percentage such as 0.1%",
        .parse = [](std::string_view text) -> tl::expected<QuarantineLimit, std::string> {
            const auto value = parse_quarantine_limit(text);
            if (!value) return not_expected();
            return *value;
        },
        .write = [](const QuarantineLimit& value) { return Node::plain(write_quarantine_limit(value)); },
        .schema = Node::mapping()
                      .with("type", Node::strings({"integer", "string"}))
                      .with("minimum", Node::number(0))
                      .with("pattern", Node::string("^[0-9]+(\\.[0-9]+)?%$")),
    });
}

Type<double> share() {
    return leaf<double>({
        .expected = "a number from 0 to 1, such as 0.05",
        .parse = [](std::string_view text) -> tl::expected<double, std::string> {
            const auto value = parse_share(text);
            if (!value) return not_expected();
            return *value;
        },
        .write = [](const double& value) { return Node::plain(write_share(value)); },
        .schema = Node::mapping()
                      .with("type", Node::string("number"))
                      .with("minimum", Node::number(0))
                      .with("maximum", Node::number(1)),
        .is_text = false,
    });
}

Type<DayBound> day_bound() {
    return leaf<DayBound>({
        .expected = "a day such as 2026-10-01, or days before today such as -7d or 0d",
        .parse = [](std::string_view text) -> tl::expected<DayBound, std::string> {
            const auto value = parse_day_bound(text);
            if (!value) return not_expected();
            return *value;
        },
        .write = [](const DayBound& value) { return Node::string(write_day_bound(value)); },
        .schema = pattern_schema("^([0-9]{4}-[0-9]{2}-[0-9]{2}|-[0-9]+d|0d)$"),
    });
}

Type<int> day_step(int least, int most) {
    return bounded<int>(
        "a number of days such as 7d," + range(std::to_string(least) + "d", std::to_string(most) + "d") +
            ", or one such as 1w, 1month, 6h or 15m",
        parse_days_or_weeks, [](int value) { return std::to_string(value) + "d"; }, least, most,
        "^[0-9]+[dw]$");
}

Type<int> month_step() {
    return bounded<int>("a number of months such as 1month," + range("1month", "120months"), parse_months,
                        write_months, 1, 120, "^[0-9]+months?$");
}

Type<ClockBound> clock_bound() {
    return leaf<ClockBound>({
        .expected = "a time such as 2026-10-01T08:00, or one before now such as -6h, -90m or 0h",
        .parse = [](std::string_view text) -> tl::expected<ClockBound, std::string> {
            const auto value = parse_clock_bound(text);
            if (!value) return not_expected();
            return *value;
        },
        .write = [](const ClockBound& value) { return Node::string(write_clock_bound(value)); },
        .schema = pattern_schema("^([0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?|-[0-9]+[mhd]|0[mhd])$"),
    });
}

Type<std::chrono::minutes> clock_step() {
    return leaf<std::chrono::minutes>({
        .expected = "hours or minutes that divide a day, such as 1h, 6h or 15m",
        .parse = [](std::string_view text) -> tl::expected<std::chrono::minutes, std::string> {
            const auto span = parse_duration(text);
            const auto step = std::chrono::floor<std::chrono::minutes>(span.value_or(Millis(0)));
            if (!span || step != *span || step < 1min || step >= 24h || 24h % step != 0min)
                return not_expected();
            return step;
        },
        .write = [](std::chrono::minutes value) { return Node::string(write_duration(value)); },
        .schema = pattern_schema("^[0-9]+[mh]$"),
    });
}

Type<std::chrono::minutes> time_of_day() {
    return bounded<std::chrono::minutes>("a time of day such as \"10:15\"", parse_time_of_day,
                                         write_time_of_day, 0min, 24h, "^([01][0-9]|2[0-3]):[0-5][0-9]$");
}

Type<std::string> zone() {
    const auto shape =
        ruled_text("a time zone such as Asia/Shanghai or Etc/UTC", "^[A-Za-z0-9][A-Za-z0-9/_+-]*$",
                   [](std::string_view text) -> std::optional<std::string> {
                       if (is_zone_name(text)) return std::nullopt;
                       return "";
                   });
    return type_of<std::string>({
        .read =
            [shape](const Node& node, Reader& reader, std::string& out) {
                if (!shape.read(node, reader, out)) return false;
                if (reader.zone_exists(out)) return true;
                return reader.refuse(
                    node, "expected a time zone of this machine's tz database, not " + describe(node));
            },
        .show = [shape](const Node* node, const std::string& value) { return shape.show(node, value); },
        .schema = [shape] { return shape.schema(); },
    });
}

}  // namespace pagehaul::config
