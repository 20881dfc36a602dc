#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "engine/fetch/decoder_pool.h"
#include "http/transport.h"
#include "source/children.h"
#include "source/judge.h"
#include "source/requests.h"

namespace pagehaul::engine {

/// What asks for the pages of one stream and reads them. Thread-safe. What it is made of outlives it; owned
/// by whoever owns the gate.
class StreamKit {
  public:
    /// @param all streams of the config: some may be made by this one's records
    StreamKit(const config::Stream& of, const std::vector<config::Stream>& all, http::Transport& by,
              std::size_t decoders)
        : stream(of),
          transport(by),
          requests(of.source),
          judge(of.source),
          children(all, of),
          decoders_(decoders, [this] { return record::Decoder(stream.sink, judge.format()); }),
          child_decoders_(decoders, [this] { return record::Decoder(children.reads(), judge.format()); }) {}
    StreamKit(const StreamKit&) = delete;
    StreamKit& operator=(const StreamKit&) = delete;

    const config::Stream& stream;
    http::Transport& transport;
    const source::Requests requests;
    const source::Judge judge;
    const source::Children children;

    Result<record::DecodedPage> decode(std::string_view padded_body, std::int64_t page_no,
                                       const record::ColumnValues& values);
    /// The slices of other streams that the records of an accepted page make.
    Result<std::vector<source::Slice>> make_children(std::string_view padded_body, std::int64_t page_no,
                                                     const source::Slice& slice);

  private:
    DecoderPool decoders_;
    DecoderPool child_decoders_;  ///< makes none where no stream is made
};

using StreamKits = std::vector<std::unique_ptr<StreamKit>>;

}  // namespace pagehaul::engine
