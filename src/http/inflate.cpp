#include "http/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <string>

namespace pagehaul::http {
namespace {

/// zlib's windowBits for what lies before it.
int window_of(Compression compression, std::string_view compressed) {
    if (compression == Compression::gzip) return 16 + MAX_WBITS;
    // RFC 1950: the first byte names method 8, and both together are a multiple of 31.
    const bool has_head =
        compressed.size() >= 2 && (compressed[0] & 0x0f) == 8 &&
        (static_cast<unsigned char>(compressed[0]) * 256 + static_cast<unsigned char>(compressed[1])) % 31 ==
            0;
    return has_head ? MAX_WBITS : -MAX_WBITS;
}
/// JSON of reports shrinks about eightfold; a first guess that is too small only costs a copy.
constexpr std::size_t kUsualRatio = 8;
constexpr std::size_t kSmallest = 16UL << 10U;

class Inflater {
  public:
    Inflater(std::string_view input, Compression compression) {
        // zlib's interface predates const; it does not write to its input.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
        stream_.avail_in = static_cast<uInt>(input.size());
        ready_ = inflateInit2(&stream_, window_of(compression, input)) == Z_OK;
    }
    ~Inflater() {
        if (ready_) inflateEnd(&stream_);
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    bool ready() const { return ready_; }
    z_stream& stream() { return stream_; }

  private:
    z_stream stream_{};
    bool ready_ = false;
};

tl::unexpected<Error> too_large(std::size_t max) {
    return fail(ErrorKind::permanent, "",
                "the decoded response body is larger than limits.body (" + std::to_string(max) + " bytes)");
}

}  // namespace

Result<Body> inflate_body(std::string_view compressed, Compression compression, std::size_t max,
                          const std::function<bool(std::size_t)>& reserve) {
    const std::string name = compression == Compression::gzip ? "gzip" : "deflate";
    if (compressed.size() > std::numeric_limits<uInt>::max()) return too_large(max);
    Inflater inflater(compressed, compression);
    if (!inflater.ready()) return fail(ErrorKind::transient, "", "no memory to decode a " + name + " body");
    z_stream& stream = inflater.stream();

    Body body;
    std::size_t step = std::max(compressed.size() * kUsualRatio, kSmallest);
    while (true) {
        // One byte beyond the cap shows that the body is larger than it.
        const std::size_t room = std::min(step, max + 1 - body.size());
        if (reserve && !reserve(body.size() + room)) {
            return fail(ErrorKind::transient, "", "no memory left for the decoded response body");
        }
        stream.next_out = reinterpret_cast<Bytef*>(body.grow(room));
        stream.avail_out = static_cast<uInt>(room);
        const int status = inflate(&stream, Z_NO_FLUSH);
        body.grew(room - stream.avail_out);
        if (body.size() > max) return too_large(max);
        if (status == Z_STREAM_END) {
            if (stream.avail_in == 0 || compression == Compression::deflate) return body;
            if (inflateReset(&stream) != Z_OK) {
                return fail(ErrorKind::transient, "", "the " + name + " body is damaged");
            }
            continue;
        }
        if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0)) {
            return fail(ErrorKind::transient, "", "the " + name + " body was cut short");
        }
        if (status != Z_OK) return fail(ErrorKind::transient, "", "the " + name + " body is damaged");
        step = std::max(body.size(), kSmallest);
    }
}

}  // namespace pagehaul::http
