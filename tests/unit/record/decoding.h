#pragma once

#include <string>
#include <utility>
#include <vector>

#include "record/decoder.h"

namespace pagehaul::record {

/// A column that reads the field of its name.
inline config::Column column(const std::string& name, config::ColumnType type = config::ColumnType::bigint) {
    config::Column out;
    out.name = name;
    out.type = type;
    out.from = "/" + name;
    return out;
}

inline config::Sink sink_of(std::vector<config::Column> columns, std::vector<std::string> key = {}) {
    config::Sink sink;
    sink.key = key.empty() ? std::vector<std::string>{columns.front().name} : std::move(key);
    sink.columns = std::move(columns);
    return sink;
}

/// Decodes with the padding that the contract asks for, filled with bytes that would show if they were read.
inline Result<DecodedPage> decode(Decoder& decoder, std::string body, std::int64_t page_no = 0,
                                  const ColumnValues& values = {std::nullopt}) {
    const std::size_t size = body.size();
    body.append(64, '}');
    return decoder.decode({body.data(), size}, page_no, values);
}

/// Decodes a root array of records by a decoder of its own.
inline DecodedPage decode_rows(const config::Sink& sink, const std::string& body, ColumnValues values = {}) {
    Decoder decoder(sink, {"", {}});
    values.resize(sink.columns.size());
    auto result = decode(decoder, body, 0, values);
    if (!result) throw Failure(result.error());
    return std::move(*result);
}

}  // namespace pagehaul::record
