#include "http/content_encoding.h"

#include <string>

#include "core/ascii.h"
#include "http/inflate.h"
#include "log/log.h"

namespace pagehaul::http {

Result<void> undo_content_encoding(Response& response, const Bounds& bounds) {
    const std::string encoding = lower(response.header("content-encoding"));
    if (encoding.empty() || encoding == "identity" || response.body.size() == 0) return {};
    const auto inflated = [&](Compression compression) -> Result<void> {
        Result<Body> decoded =
            inflate_body(response.body.view(), compression, bounds.max_body, bounds.reserve);
        if (!decoded) return tl::unexpected(std::move(decoded.error()));
        response.body = std::move(*decoded);
        return {};
    };
    if (encoding == "gzip" || encoding == "x-gzip") return inflated(Compression::gzip);
    if (encoding == "deflate") return inflated(Compression::deflate);
    return fail(ErrorKind::permanent, "",
                "the response has Content-Encoding \"" + log::excerpt(encoding, 40) +
                    "\"; expected gzip, deflate or none");
}

}  // namespace pagehaul::http
