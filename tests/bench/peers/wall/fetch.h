#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "config/config.h"
#include "http/transport.h"
#include "record/decoder.h"

namespace bench {

/// A page as COPY lines of the table's columns, and the total that was told with it.
struct Page {
    std::string copy;
    std::int64_t total = 0;
};

/// Fetches and decodes pages through pagehaul's own modules. One a thread; the transport is shared.
class Fetcher {
  public:
    Fetcher(const pagehaul::config::Config& config, pagehaul::http::Transport& transport);
    /// Throws pagehaul::Failure.
    Page fetch(std::int64_t number, std::stop_token stop);

  private:
    const pagehaul::config::Config& config_;
    pagehaul::http::Transport& transport_;
    pagehaul::record::Decoder decoder_;
    pagehaul::record::ColumnValues values_;
};

}  // namespace bench
