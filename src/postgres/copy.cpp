// The one place that knows how libpqxx is made to take ready COPY text: tablewriter::write_raw_line, which is
// deprecated and passes its argument on unescaped, uncounted and with a '\n' after it. Measured: a page in
// one call. libpqxx 7 has no such call; raw libpq would stand here then. Not its stream_to: that takes rows
// by the field and makes four characters of each byte beyond ASCII.
#include "postgres/copy.h"

#include <pqxx/tablewriter>
#include <pqxx/transaction_base>

namespace pagehaul::postgres {
namespace {

// libpq's output buffer grows to the longest message and never shrinks again.
constexpr std::size_t message_bytes = 64 * 1024;

}  // namespace

std::string_view next_chunk(std::string_view block, std::size_t limit) {
    if (block.size() <= limit) return block;
    std::size_t end = block.rfind('\n', limit - 1);
    if (end == std::string_view::npos) end = block.find('\n', limit);
    return block.substr(0, end + 1);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
void copy_lines(pqxx::transaction_base& transaction, const std::string& quoted_table,
                const std::vector<std::string_view>& blocks, const LineEdit& edit) {
    // It pastes the name as it is, which lets columns stand behind it: it must come quoted.
    pqxx::tablewriter writer(transaction, quoted_table);
    std::string lines;
    for (std::string_view block : blocks) {
        while (!block.empty()) {
            const std::string_view chunk = next_chunk(block, message_bytes);
            lines.clear();
            if (edit == nullptr) {
                lines.append(chunk);
            } else {
                edit(lines, chunk);
            }
            lines.pop_back();
            writer.write_raw_line(lines);
            block.remove_prefix(chunk.size());
        }
    }
    // The destructor ends the COPY too, but what the server then says of the rows is lost.
    writer.complete();
}
#pragma GCC diagnostic pop

}  // namespace pagehaul::postgres
