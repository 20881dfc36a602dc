#include "record/field_tree.h"

#include <cstring>

#include "record/unescape.h"

namespace pagehaul::record {
namespace {

/// Keys that no pointer reads are remembered too, so that skipping one is as cheap; up to this many, in case
/// an API uses values as keys.
constexpr std::size_t kMaxUnread = 1024;

}  // namespace

/// A key seen in an object, and where its value goes.
struct FieldTree::Entry {
    std::string key;
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
    Entry head;  ///< its follower is the object's first key
};

FieldTree::FieldTree() : root_(std::make_unique<Node>()) {}
FieldTree::~FieldTree() = default;

std::size_t FieldTree::add(const Pointer& pointer) {
    Node* node = root_.get();
    for (const auto& step : pointer) {
        auto& entry = node->entries[step];
        if (!entry) {
            entry = std::make_unique<Entry>();
            entry->key = step;
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
    if (node.unread >= kMaxUnread) return nullptr;
    ++node.unread;
    auto entry = std::make_unique<Entry>();
    entry->key = key;
    return node.entries.emplace(std::string(key), std::move(entry)).first->second.get();
}

std::uint32_t FieldTree::members(Node& node, std::uint32_t token, int depth) {
    ++token;
    if (reader_->at(token) == '}') return token + 1;
    Entry* before = &node.head;
    for (bool closed = false; !closed;) {
        Slot key_slot;
        token = reader_->key(token, key_slot);
        if (token == JsonReader::kFailed) return token;
        const std::string_view key = reader_->view(key_slot);
        Entry* entry = before->follower;
        if (entry == nullptr || entry->key.size() != key.size() ||
            std::memcmp(entry->key.data(), key.data(), key.size()) != 0) {
            if (reader_->has_escapes() && key.find('\\') != std::string_view::npos) {
                key_.clear();
                unescape(key, key_);
                entry = find(node, key_);
            } else {
                entry = find(node, key);
            }
            if (entry != nullptr) before->follower = entry;
        }
        if (entry != nullptr) before = entry;
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
