#include "record/json_index.h"

#include <simdjson.h>

#include <algorithm>

#include "core/error.h"

namespace pagehaul::record {

namespace {

/// Bytes of text. What most APIs send is smaller, and its room is kept from page to page.
constexpr std::size_t kUsual = std::size_t{2} << 20U;

}  // namespace

struct JsonIndex::Stage {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
    std::size_t capacity = 0;
};

JsonIndex::JsonIndex() : stage_(std::make_unique<Stage>()) {}
JsonIndex::~JsonIndex() = default;

const char* JsonIndex::build(std::string_view text) {
    count_ = 0;
    if (text.size() >= (1ULL << 32U) - 64) return "longer than 4 GiB";
    if (stage_->capacity < text.size() || !stage_->parser) {
        // Four bytes of places a byte of text; only what is written becomes resident.
        const std::size_t capacity = std::max<std::size_t>(text.size() + text.size() / 4, 4096);
        stage_->parser.reset();
        stage_->capacity = 0;
        if (simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1,
                                                                                    stage_->parser)) {
            throw Failure(ErrorKind::transient, "", "no memory to index a response body");
        }
        stage_->capacity = capacity;
    }
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const simdjson::error_code error =
        text.empty() ? simdjson::EMPTY
                     : stage_->parser->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
    switch (error) {
        case simdjson::SUCCESS:
            break;
        case simdjson::EMPTY:
            return "empty";
        case simdjson::UTF8_ERROR:
            return "not valid UTF-8";
        case simdjson::UNCLOSED_STRING:
            return "a string is not closed";
        case simdjson::UNESCAPED_CHARS:
            return "a string holds a raw control character";
        default:
            return simdjson::error_message(error);
    }
    count_ = stage_->parser->n_structural_indexes;
    stage_->parser->structural_indexes[count_] = static_cast<std::uint32_t>(text.size());
    places_ = stage_->parser->structural_indexes.get();
    return nullptr;
}

void JsonIndex::shrink() {
    if (stage_->capacity <= kUsual) return;
    *stage_ = {};
    places_ = nullptr;
    count_ = 0;
}

}  // namespace pagehaul::record
