#include "record/decoder.h"

#include <utility>

#include "record/envelope.h"
#include "record/json_reader.h"
#include "record/row_writer.h"

namespace pagehaul::record {

struct Decoder::Impl {
    Impl(const config::Sink& sink, const PageFormat& format)
        : envelope(format.records, format.pointers), rows(sink) {}

    JsonReader reader;
    Envelope envelope;
    RowWriter rows;
};

Decoder::Decoder(const config::Sink& sink, const PageFormat& format)
    : impl_(std::make_unique<Impl>(sink, format)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<DecodedPage> Decoder::decode(std::string_view padded_body, std::int64_t page_no,
                                    const ColumnValues& values) {
    Impl& self = *impl_;
    self.rows.set_values(values);
    // Broken is transient: a body that came without length or chunks and was cut short looks whole to the
    // HTTP client, and only the document tells.
    if (const char* wrong = self.reader.open(padded_body)) {
        return fail(ErrorKind::transient, "response", std::string("expected a JSON document: ") + wrong);
    }
    DecodedPage page;
    bool too_many = false;
    const auto on_records = [&](std::uint32_t token, int depth) {
        const std::uint32_t after = self.rows.read(self.reader, token, depth, page_no, page);
        too_many = self.rows.too_many();
        return after;
    };
    if (self.envelope.read(self.reader, page.envelope, on_records)) return page;
    if (too_many) return fail(ErrorKind::data, "response", "expected at most 1048576 records in a page");
    const std::string& twice = self.envelope.ambiguous();
    if (!twice.empty()) {
        return fail(ErrorKind::data, "response",
                    "expected one value at \"" + twice + "\", its key is given twice");
    }
    return fail(ErrorKind::transient, "response", "expected a JSON document: " + self.reader.fault());
}

}  // namespace pagehaul::record
