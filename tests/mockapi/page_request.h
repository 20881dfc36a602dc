#pragma once

#include <cstdint>
#include <string>

#include "http_request.h"
#include "options.h"
#include "rows.h"

namespace mockapi {

/// What a request asks for, by page number or by offset, in its JSON body or its query.
struct PageRequest {
    std::int64_t number = -1;  ///< from 1; for an offset that is a multiple of the size, the page it is
    std::int64_t offset = -1;  ///< as asked; -1: asked by number
    std::int64_t size = -1;    ///< as asked; -1: not named
    Slice slice;
    bool refused_token = false;  ///< answered with 400
    std::string error;           ///< why it is refused with code 10002; empty: fine
};

PageRequest read_page_request(const Options& options, const HttpRequest& request);

/// The size that is served for a valid request, and the place of its first row.
std::uint64_t served_size(const Options& options, const PageRequest& page);
std::uint64_t first_row(const Options& options, const PageRequest& page);

}  // namespace mockapi
