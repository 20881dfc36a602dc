#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "record/page.h"

namespace pagehaul::record {

/// What to read of a response: the records and the scalars that source/judge.h asks for.
struct PageFormat {
    std::string records;                ///< JSON pointer, in which a step `*` stands for each element
    std::vector<std::string> pointers;  ///< JSON pointers of scalars; DecodedPage::envelope keeps this order
    std::int64_t size = config::Pagination{}.size;  ///< rows asked for, for the message where there are more
    std::int64_t most_rows = kPositions;            ///< source::most_rows() of it
    bool sized = true;                              ///< rows are asked for by `size`
    config::RecordShape shape = config::RecordShape::list;
    config::RecordFormat format = config::RecordFormat::json;
    bool empty_is_none = false;  ///< an empty object is no record
    bool keep_last = false;      ///< DecodedPage::last_record
};

/// Values of the columns that have a `value` template, in the order of config::Sink::columns; nullopt for
/// columns that read the record. Expanded once a slice by source/, converted and hashed here like any other
/// field.
using ColumnValues = std::vector<std::optional<std::string>>;

/// Turns a response body into COPY text, without a DOM. Holds a parser and buffers: one a fetch worker, used
/// by one thread. The body must be readable for 64 bytes beyond its size.
class Decoder {
  public:
    Decoder(const config::Sink& sink, const PageFormat& format);
    ~Decoder();
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    Decoder(Decoder&&) noexcept;
    Decoder& operator=(Decoder&&) noexcept;

    /// Fails when the body is not one whole JSON document: kind transient where it is cut short, permanent
    /// where no rest could make it one. A missing records array is not a failure here: the response may be an
    /// error envelope, which source/judge.h decides. A page of more rows than PageFormat::most_rows (kind
    /// data) is not read to its end: nothing of it is kept.
    Result<DecodedPage> decode(std::string_view padded_body, std::int64_t page_no,
                               const ColumnValues& values);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pagehaul::record
