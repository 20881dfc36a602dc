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

void append_without_first_field(std::string& out, std::string_view lines) {
    while (!lines.empty()) {
        const std::size_t field_end = lines.find('\t') + 1;
        const std::size_t line_end = lines.find('\n', field_end) + 1;
        out.append(lines.substr(field_end, line_end - field_end));
        lines.remove_prefix(line_end);
    }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
void copy_lines(pqxx::transaction_base& transaction, const std::string& quoted_table,
                const std::vector<std::string_view>& blocks, FirstField first_field) {
    // It pastes the name as it is, which lets columns stand behind it: it must come quoted.
    pqxx::tablewriter writer(transaction, quoted_table);
    std::string lines;
    for (std::string_view block : blocks) {
        while (!block.empty()) {
            const std::string_view chunk = next_chunk(block, message_bytes);
            lines.clear();
            if (first_field == FirstField::keep) {
                lines.append(chunk);
            } else {
                append_without_first_field(lines, chunk);
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
