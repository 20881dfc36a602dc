#include "record/decoder.h"

#include <algorithm>
#include <utility>

#include "record/envelope.h"
#include "record/json_reader.h"
#include "record/row_writer.h"

namespace pagehaul::record {

struct Decoder::Impl : RecordsTaker {
    Impl(const config::Sink& sink, const PageFormat& page_format)
        : format(page_format),
          envelope(format.records, format.pointers),
          rows(sink, format.most_rows, envelope.levels()) {}

    void clear() {
        reader.close();
        rows.clear();
        page = nullptr;
    }

    std::uint32_t records(std::uint32_t token, int depth) override {
        const char c = reader.at(token);
        const bool lines = format.format == config::RecordFormat::ndjson;
        if (!lines && c == '[' && format.shape == config::RecordShape::list)
            return rows.list(reader, token, depth, *page);
        const bool is_empty = c == '{' && reader.at(token + 1) == '}';
        if (!lines && c == '{' && format.shape == config::RecordShape::map)
            return rows.map(reader, token, depth, *page);
        if (!lines && c == '{' && format.shape == config::RecordShape::object &&
            !(is_empty && format.empty_is_none))
            return rows.one(reader, token, depth, *page);
        Slot slot;
        const std::uint32_t after = reader.value(token, slot, depth);
        if (!lines && after != JsonReader::kFailed) note(slot.kind, is_empty);
        return after;
    }
    std::uint32_t element(std::size_t level, std::uint32_t token, int depth) override {
        return rows.element(reader, level, token, depth);
    }
    void missing(Kind kind) override { note(kind, false); }

    void note(Kind kind, bool is_empty) {
        InsteadOfRecords& instead = page->instead;
        if (kind == Kind::null)
            instead.null = true;
        else if (kind == Kind::absent)
            instead.absent = true;
        else if (is_empty)
            instead.empty_object = true;
        else
            instead.other = describe(kind);
    }

    const PageFormat format;
    JsonReader reader;
    Envelope envelope;
    RowWriter rows;
    DecodedPage* page = nullptr;  ///< the one in progress
};

namespace {

/// A body that came without length or chunks and was cut short looks whole to the HTTP client, and only the
/// document tells.
tl::unexpected<Error> unreadable(const JsonReader& reader) {
    NotJson why = reader.fault();
    return fail(why.cut_short ? ErrorKind::transient : ErrorKind::permanent, "response", std::move(why.text));
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

Decoder::Decoder(const config::Sink& sink, const PageFormat& format)
    : impl_(std::make_unique<Impl>(sink, format)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<DecodedPage> Decoder::decode(std::string_view padded_body, std::int64_t page_no,
                                    const ColumnValues& values) {
    Impl& self = *impl_;
    struct Clearing {
        Impl& of;
        ~Clearing() { of.clear(); }
    };
    const Clearing clearing{self};
    self.rows.set_values(values);
    if (self.format.format == config::RecordFormat::ndjson && is_blank(padded_body)) {
        DecodedPage none;
        none.envelope.resize(self.format.pointers.size());
        none.has_records = true;
        return none;
    }
    if (!self.reader.open(padded_body)) return unreadable(self.reader);
    DecodedPage page;
    self.page = &page;
    self.rows.begin(page_no, padded_body.size());
    const bool lines = self.format.format == config::RecordFormat::ndjson;
    const bool whole =
        lines ? self.envelope.read(self.reader, page.envelope, self, Envelope::Extent::first_line) &&
                    self.rows.lines(self.reader, page)
              : self.envelope.read(self.reader, page.envelope, self);
    if (whole) {
        if (!lines && !self.envelope.reached()) page.instead.absent = true;
        self.rows.finish(self.reader, page);
        if (self.format.keep_last) page.last_record = self.rows.last_record(self.reader);
        // Of no elements every one has its records.
        page.has_records = page.has_records || !page.instead.any();
        return page;
    }
    if (self.rows.too_many()) {
        const std::string most = std::to_string(std::min(self.format.most_rows, kPositions));
        return fail(ErrorKind::data, "response",
                    "the page has more than " + most + " records, " +
                        (self.format.sized
                             ? "source.pagination.size asks for " + std::to_string(self.format.size) +
                                   ": set it to what the API sends at once, or have source.request send "
                                   "{{ page.size }}"
                             : "and one answer may hold no more: have the API send pages, or smaller ones, "
                               "or slice finer"));
    }
    if (self.rows.too_many_bad())
        return fail(
            ErrorKind::data, "response",
            std::to_string(page.bad.size()) + " of the page's first " +
                std::to_string(page.bad.back().row + 1) +
                " records cannot be stored, and what the quarantine would keep of them is larger than " +
                std::to_string(self.rows.most_bad_bytes()) + " bytes. The first: " + page.bad.front().reason);
    const std::string& twice = self.envelope.ambiguous();
    if (!twice.empty()) {
        return fail(ErrorKind::data, "response",
                    "expected one value at \"" + twice + "\", its key is given twice");
    }
    return unreadable(self.reader);
}

}  // namespace pagehaul::record
