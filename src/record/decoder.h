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

/// What to read of a response: the array of records and the scalars that source/judge.h asks for.
struct PageFormat {
    std::string records;                ///< JSON pointer
    std::vector<std::string> pointers;  ///< JSON pointers of scalars; DecodedPage::envelope keeps this order
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

    /// Fails (kind transient: the body may be cut short) when the body is not one whole JSON document. A
    /// missing records array is not a failure here: the response may be an error envelope, which
    /// source/judge.h decides.
    Result<DecodedPage> decode(std::string_view padded_body, std::int64_t page_no,
                               const ColumnValues& values);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pagehaul::record
