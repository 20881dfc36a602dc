// Compressed bodies. The first byte says what is done: inflated as it comes; or compressed first, and
// inflated to what it was; or compressed and then damaged, which must be seen or harmless.

#include "http/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <string>

#include "property.h"

using namespace pagehaul;
using fuzz::must;

namespace {

constexpr std::size_t kMost = 64UL << 10U;

std::string compressed(std::string_view plain, int window) {
    z_stream stream{};
    must(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib compresses");
    std::string out(deflateBound(&stream, plain.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    must(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib compresses");
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

Result<http::Body> inflated(std::string_view bytes, http::Compression compression, std::size_t most) {
    std::size_t reserved = 0;
    auto body = http::inflate_body(bytes, compression, most, [&](std::size_t to) {
        reserved = to;
        return to <= kMost + kMost / 2;
    });
    must(!body || body->size() <= most, "a body is within its bound");
    must(!body || body->size() <= reserved, "and within what was reserved for it");
    must(body || body.error().kind == ErrorKind::transient || body.error().kind == ErrorKind::permanent,
         "a body is damaged, cut short or too large");
    return body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const unsigned mode = data[0];
    const std::size_t place = data[1];
    const std::string_view plain = fuzz::text_of(data + 2, size - 2);
    const bool gzip = (mode & 1U) == 0;
    const auto compression = gzip ? http::Compression::gzip : http::Compression::deflate;
    static_cast<void>(inflated(plain, compression, place * 16));
    if ((mode & 2U) == 0) return 0;

    // gzip: of several members, each a body's part.
    const std::size_t split = gzip ? std::min(place, plain.size()) : 0;
    const int window = gzip ? 16 + MAX_WBITS : (mode & 4U) == 0 ? MAX_WBITS : -MAX_WBITS;
    std::string bytes = split > 0 ? compressed(plain.substr(0, split), window) : "";
    bytes += compressed(plain.substr(split), window);
    // RFC 1951 alone may begin as RFC 1950 does; then it is read as that.
    const bool ambiguous = window < 0 && bytes.size() > 1 && (bytes[0] & 0x0f) == 8;
    const auto whole = inflated(bytes, compression, kMost);
    must(ambiguous || (whole && whole->view() == plain), "what was compressed comes back");
    must(ambiguous || plain.empty() || !inflated(bytes, compression, plain.size() - 1),
         "one byte over the bound is seen");

    if (gzip) {  // it has a checksum
        const std::size_t at = place % bytes.size();
        const auto cut = inflated(std::string_view(bytes).substr(0, at), compression, kMost);
        must(!cut || plain.starts_with(cut->view()), "a body that is cut short is no other");
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (mode >> 5U)));
        const auto damaged = inflated(bytes, compression, kMost);
        must(!damaged || damaged->view() == plain || split > 0, "damage is seen");
    }
    return 0;
}
