#include "engine/shared/page_buffer.h"

namespace pagehaul::engine {

bool batch_due(const Waiting& waiting, const BatchLimits& limits, MonoTime now) {
    if (waiting.pages == 0) return false;
    if (waiting.closed || waiting.urgent > 0) return true;
    if (waiting.pages >= limits.max_pages || waiting.bytes >= limits.max_bytes) return true;
    return waiting.oldest && now - *waiting.oldest >= limits.max_age;
}

}  // namespace pagehaul::engine
