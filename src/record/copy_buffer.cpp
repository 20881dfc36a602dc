#include "record/copy_buffer.h"

namespace pagehaul::record {

void CopyBuffer::escaped(std::string_view text) {
    room(2 * text.size());
    char* out = bytes_.data() + size_;
    for (const char c : text) {
        switch (c) {
            case '\\':
                *out++ = '\\';
                *out++ = '\\';
                break;
            case '\n':
                *out++ = '\\';
                *out++ = 'n';
                break;
            case '\r':
                *out++ = '\\';
                *out++ = 'r';
                break;
            case '\t':
                *out++ = '\\';
                *out++ = 't';
                break;
            default:
                *out++ = c;
        }
    }
    size_ = static_cast<std::size_t>(out - bytes_.data());
}

}  // namespace pagehaul::record
