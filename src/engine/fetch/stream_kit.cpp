#include "engine/fetch/stream_kit.h"

#include <utility>

namespace pagehaul::engine {

Result<record::DecodedPage> StreamKit::decode(std::string_view padded_body, std::int64_t page_no,
                                              const record::ColumnValues& values) {
    return decoders_.with(
        [&](record::Decoder& decoder) { return decoder.decode(padded_body, page_no, values); });
}

Result<std::vector<source::Slice>> StreamKit::make_children(std::string_view padded_body,
                                                            std::int64_t page_no,
                                                            const source::Slice& slice) {
    const auto page = child_decoders_.with([&](record::Decoder& decoder) {
        return decoder.decode(padded_body, page_no, record::ColumnValues(children.reads().columns.size()));
    });
    if (!page) return tl::unexpected(page.error());
    // What has no such value made no row, and would have no slice without a word.
    if (!page->bad.empty())
        return fail(ErrorKind::data, "",
                    "record " + std::to_string(page->bad.front().row) +
                        " makes no slice: " + page->bad.front().reason);
    return children.slices(slice, page->copy);
}

}  // namespace pagehaul::engine
