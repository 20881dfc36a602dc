#include "rows.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace mockapi {
namespace {

constexpr std::string_view kDefaultAdvertiser = "1001";
constexpr std::string_view kDefaultDate = "2026-11-01";

void put(std::string& out, std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

/// "12,345": digits in groups of three.
void put_grouped(std::string& out, std::uint64_t value) {
    if (value >= 1000) {
        put_grouped(out, value / 1000);
        out += ',';
        const auto rest = value % 1000;
        if (rest < 100) out += '0';
        if (rest < 10) out += '0';
        put(out, rest);
    } else {
        put(out, value);
    }
}

/// Hundredths as "27.66".
void put_cents(std::string& out, std::uint64_t cents) {
    put(out, cents / 100);
    out += '.';
    out += static_cast<char>('0' + cents / 10 % 10);
    out += static_cast<char>('0' + cents % 10);
}

void put_two(std::string& out, std::uint64_t value) {
    out += static_cast<char>('0' + value / 10 % 10);
    out += static_cast<char>('0' + value % 10);
}

void put_hex(std::string& out, std::uint64_t value, int digits) {
    for (int i = digits - 1; i >= 0; --i) {
        out += "0123456789abcdef"[(value >> (static_cast<unsigned>(i) * 4U)) & 15U];
    }
}

std::uint64_t slice_base(const Options& options, const Slice& slice) {
    if (options.dup_across_slices || (slice.advertiser_id.empty() && slice.date.empty())) return 0;
    // Below 2^53, so that every JSON reader keeps the key exact.
    return 1 + hash_text(slice.advertiser_id + "|" + slice.date) % 4'000'000;
}

void put_names(std::string& out, const Options& options, std::uint64_t row, std::uint64_t h) {
    out += R"(","campaign_name":"大促-)";
    put(out, h % 997);
    out += R"(","unit_name":"信息流-)";
    put(out, h % 4093);
    out += R"(","creativity_name":"秋冬新品-)";
    put(out, row);
    if (row % 64 == 7) out += R"( \"特价\" C:\\tmp\t100%\n)";
    if (options.unicode) out += R"( 🧣𠮷 \ud83d\ude00 \u00e9 \/ \b\f)";
    if (options.nul && row % 10 == 3) out += R"(a\u0000b)";
}

void put_metrics(std::string& out, const Options& options, std::uint64_t row, std::uint64_t h) {
    const auto cents = h % 2'000'000;
    out += R"(,"fee":")";
    if (options.bad_rows.contains(row)) {
        out += "not-a-number";
    } else if (row % 16 == 5) {
        out += "￥";
        put_grouped(out, cents / 100);
        out += '.';
        put_two(out, cents % 100);
    } else {
        put_cents(out, cents);
    }
    const auto impressions = mix(h) % 900'000;
    out += R"(","impression":")";
    row % 16 == 9 ? put_grouped(out, impressions) : put(out, impressions);
    out += R"(","click":")";
    put(out, impressions / 31);
    out += R"(","ctr":")";
    if (row % 32 == 11) {
        out += R"(-","acp":"-)";
    } else {
        put_cents(out, h / 7 % 2000);
        out += R"(%","acp":")";
        put_cents(out, h / 11 % 900);
    }
    out += R"(","cpm":")";
    put_cents(out, h / 13 % 20'000);
    out += R"(","like":")";
    put(out, impressions / 97);
    out += R"(","comment":")";
    put(out, impressions / 997);
    out += R"(","collect":")";
    put(out, impressions / 499);
}

}  // namespace

std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

std::uint64_t hash_text(std::string_view text) {
    std::uint64_t h = text.size();
    for (const char c : text)
        h = mix(h ^ static_cast<unsigned char>(c));
    return h;
}

void append_row(std::string& out, const Options& options, const Slice& slice, std::uint64_t row) {
    if (row > 0 && options.dup_rows.contains(row)) --row;
    const auto key_row = row > 0 && options.dup_keys.contains(row) ? row - 1 : row;
    const auto base = slice_base(options, slice);
    const auto h = mix(mix(options.seed ^ mix(base)) ^ row);
    const bool anonymous = options.dup_across_slices;
    const auto& date = anonymous || slice.date.empty() ? std::string(kDefaultDate) : slice.date;

    out += R"({"advertiser_id":)";
    out +=
        anonymous || slice.advertiser_id.empty() ? kDefaultAdvertiser : std::string_view(slice.advertiser_id);
    out += R"(,"date":")";
    out += date;
    out += R"(","creativity_id":)";
    options.null_key_rows.contains(row) ? void(out += "null")
                                        : put(out, base * 1'000'000'000 + 1'000'000 + key_row);
    out += R"(,"campaign_id":")";
    put(out, 30'000 + h % 997);
    out += R"(","unit_id":")";
    put(out, 70'000 + h % 4093);
    put_names(out, options, row, h);
    out += R"(","image":"img/)";
    put_hex(out, mix(h ^ 1U), 8);
    out += R"(.jpg","note_id":")";
    put_hex(out, mix(h ^ 2U), 16);
    out += R"(","placement":)";
    put(out, 1 + h % 7);
    put_metrics(out, options, row, h);
    out += R"(","updated_at":")";
    out += date;
    out += ' ';
    put_two(out, h % 24);
    out += ':';
    put_two(out, h / 24 % 60);
    out += ':';
    put_two(out, h / 1440 % 60);
    out += R"("})";
}

void dump_rows(const Options& options) {
    const Slice slice{options.advertiser_id, options.date};
    const Extent extent{options.rows, options.inserted, options.removed};
    std::string out;
    for (std::uint64_t place = 0; place < extent.size(); ++place) {
        append_row(out, options, slice, extent.row_at(place));
        out += '\n';
        if (out.size() > 1U << 20U || place + 1 == extent.size()) {
            std::fwrite(out.data(), 1, out.size(), stdout);
            out.clear();
        }
    }
}

}  // namespace mockapi
