#include "record/field_tree.h"

#include <bit>
#include <cstring>

#include "record/unescape.h"

namespace pagehaul::record {
namespace {

/// Keys that no pointer reads are remembered too, so that skipping one is as cheap; up to this many, in case
/// an API uses values as keys.
constexpr std::size_t kMaxUnread = 1024;
/// Longer ones are values, and would stay for as long as the process.
constexpr std::size_t kLongestUnread = 256;

static_assert(std::endian::native == std::endian::little, "QuotedKey masks the bytes of a word's low end");

/// A key and its closing quote in words of eight bytes, the last one masked: compared with a body, which is
/// padded, without a loop over bytes or a call [callgrind: 2,100 calls of memcmp were a tenth of a page's
/// decoding].
class QuotedKey {
  public:
    explicit QuotedKey(std::string_view key) : size_(key.size()) {
        // Its escaped spelling differs, and a quote behind a backslash ends nothing.
        if (key.find_first_of("\\\"") != std::string_view::npos) return;
        std::string text(key);
        text += '"';
        const std::size_t beyond = text.size() % sizeof(std::uint64_t);
        mask_ = beyond == 0 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * beyond)) - 1;
        text.resize((text.size() + 7) / 8 * 8, '\0');
        words_.resize(text.size() / 8);
        std::memcpy(words_.data(), text.data(), text.size());
    }

    /// Whether the text after an opening quote is this key. `text` has the length of the key and 8 bytes
    /// more.
    bool begins(const char* text) const {
        if (words_.empty()) return false;
        std::uint64_t word = 0;
        for (std::size_t i = 0; i + 1 < words_.size(); ++i, text += sizeof word) {
            std::memcpy(&word, text, sizeof word);
            if (word != words_[i]) return false;
        }
        std::memcpy(&word, text, sizeof word);
        return (word & mask_) == words_.back();
    }
    std::uint32_t size() const { return static_cast<std::uint32_t>(size_); }

  private:
    std::size_t size_;
    std::uint64_t mask_ = 0;
    std::vector<std::uint64_t> words_;  // empty: never equal, the long way must tell
};

}  // namespace

/// A key seen in an object, and where its value goes.
struct FieldTree::Entry {
    explicit Entry(std::string_view key) : quoted(key) {}

    QuotedKey quoted;
    std::unique_ptr<Node> child;  ///< null: no pointer reads it
    Entry* follower = nullptr;    ///< the key that came after this one last time
};

/// A place in the record that pointers lead to or through.
struct FieldTree::Node {
    std::optional<std::size_t> slot;
    bool has_children = false;
    std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries;
    std::vector<std::pair<std::uint32_t, Node*>> elements;  ///< of the steps that can name an array's element
    std::size_t unread = 0;
    Entry head{""};  ///< its follower is the object's first key
};

FieldTree::FieldTree() : root_(std::make_unique<Node>()) {}
FieldTree::~FieldTree() = default;

std::size_t FieldTree::add(const Pointer& pointer) {
    Node* node = root_.get();
    for (const auto& step : pointer) {
        auto& entry = node->entries[step];
        if (!entry) {
            entry = std::make_unique<Entry>(step);
            entry->child = std::make_unique<Node>();
            if (const auto index = array_index(step)) node->elements.emplace_back(*index, entry->child.get());
            node->has_children = true;
        }
        node = entry->child.get();
    }
    if (!node->slot) node->slot = slot_count_++;
    return *node->slot;
}

std::uint32_t FieldTree::read(JsonReader& reader, std::uint32_t token, int depth, Slot* slots, Notes& notes) {
    reader_ = &reader;
    slots_ = slots;
    notes_ = &notes;
    covered_ = false;
    return value(*root_, token, depth);
}

std::uint32_t FieldTree::value(Node& node, std::uint32_t token, int depth) {
    Slot unread;
    Slot& slot = node.slot ? slots_[*node.slot] : unread;
    if (node.has_children) {
        const char c = reader_->at(token);
        if (c == '{' || c == '[') {
            const bool covered = covered_;
            covered_ = covered || (node.slot && &node != root_.get());
            const std::uint32_t after = c == '{' ? members(node, token, depth) : elements(node, token, depth);
            if (after == JsonReader::kFailed) return after;
            covered_ = covered;
            slot = Slot{reader_->begin_of(token), reader_->begin_of(after - 1) + 1,
                        c == '{' ? Kind::object : Kind::array};
            return after;
        }
    }
    return reader_->value(token, slot, depth);
}

FieldTree::Entry* FieldTree::find(Node& node, std::string_view key) {
    if (const auto found = node.entries.find(key); found != node.entries.end()) return found->second.get();
    if (node.unread >= kMaxUnread || key.size() > kLongestUnread) return nullptr;
    ++node.unread;
    return node.entries.emplace(std::string(key), std::make_unique<Entry>(key)).first->second.get();
}

std::uint32_t FieldTree::members(Node& node, std::uint32_t token, int depth) {
    ++token;
    if (reader_->at(token) == '}') return token + 1;
    Entry* before = &node.head;
    for (bool closed = false; !closed;) {
        Slot key_slot;
        Entry* entry = before->follower;
        if (entry != nullptr && reader_->at(token) == '"' && reader_->at(token + 1) == ':' &&
            entry->quoted.begins(reader_->text() + reader_->begin_of(token) + 1)) {
            const std::uint32_t begin = reader_->begin_of(token) + 1;
            key_slot = Slot{begin, begin + entry->quoted.size(), Kind::string};
            token += 2;
        } else {
            token = reader_->key(token, key_slot);
            if (token == JsonReader::kFailed) return token;
            const std::string_view key = reader_->view(key_slot);
            if (reader_->has_escapes() && key.find('\\') != std::string_view::npos) {
                std::string unescaped;
                unescape(key, unescaped);
                entry = find(node, unescaped);
            } else {
                entry = find(node, key);
            }
            if (entry != nullptr) before->follower = entry;
        }
        if (entry != nullptr) before = entry;
        const std::uint32_t value_at = reader_->begin_of(token);
        if (entry == nullptr || !entry->child) {
            if (!covered_ && notes_->undeclared.kind == Kind::absent) notes_->undeclared = key_slot;
            Slot unread;
            token = reader_->value(token, unread, depth + 1);
        } else {
            Node& child = *entry->child;
            if (child.slot && slots_[*child.slot].kind != Kind::absent) notes_->repeated = key_slot;
            token = child.has_children || !child.slot ? value(child, token, depth + 1)
                                                      : reader_->value(token, slots_[*child.slot], depth + 1);
        }
        if (token == JsonReader::kFailed) return token;
        if (rest_ != nullptr && &node == root_.get() &&
            !(entry != nullptr && entry->child && entry->child->slot))
            rest_->push_back({key_slot, value_at, reader_->end_of(token - 1)});
        token = reader_->next(token, '}', closed);
    }
    return token;
}

std::uint32_t FieldTree::elements(Node& node, std::uint32_t token, int depth) {
    ++token;
    if (reader_->at(token) == ']') return token + 1;
    std::uint32_t index = 0;
    for (bool closed = false; !closed; ++index) {
        Node* child = nullptr;
        for (const auto& [at, element] : node.elements) {
            if (at == index) child = element;
        }
        Slot unread;
        token = child != nullptr ? value(*child, token, depth + 1) : reader_->value(token, unread, depth + 1);
        if (token == JsonReader::kFailed) return token;
        token = reader_->next(token, ']', closed);
    }
    return token;
}

}  // namespace pagehaul::record
