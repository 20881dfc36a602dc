// A message of a broker: whatever stands there, it is a hint or is told to be none.

#include "queue/hint.h"
#include "property.h"

using namespace pagehaul;
using fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body = fuzz::text_of(data, size);
    const auto hint = queue::read_hint(body);
    if (!hint) {
        must(hint.error().kind == ErrorKind::data && !hint.error().message.empty(),
             "what is no hint is told");
        return 0;
    }
    must(hint->run > 0 && !hint->pages.empty() && hint->pages.size() <= queue::most_pages_of_a_hint,
         "it names pages of a run");
    for (const queue::Hint::Page& page : hint->pages)
        must(page.slice > 0 && page.no >= 0, "its numbers can be a page's");
    must(!hint->pipeline.empty() && !hint->config.empty(), "it names pipeline and config");
    must(queue::read_hint(queue::write_hint(*hint)) == *hint, "what is written is read as it was");
    return 0;
}
