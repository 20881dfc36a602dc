#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/json_reader.h"
#include "record/pointer.h"

namespace pagehaul::record {

/// Reads one record: puts the value at each pointer into its slot, in one walk and whatever the fields'
/// order. Records of a page nearly always have their fields in one order, so after each key the one that
/// followed it last time is tried first: a look-up is one comparison of a few bytes.
class FieldTree {
  public:
    FieldTree();
    ~FieldTree();
    FieldTree(const FieldTree&) = delete;
    FieldTree& operator=(const FieldTree&) = delete;

    /// Before the first read. @return the slot of this pointer; equal pointers share one.
    std::size_t add(const Pointer& pointer);
    std::size_t slot_count() const { return slot_count_; }
    /// What a record holds beyond its slots.
    struct Notes {
        Slot undeclared;  ///< the first key that no pointer reads; Kind::absent: none. "" counts as reading
                          ///< none
        Slot repeated;    ///< a key that a pointer reads and that is given twice
    };
    /// A member of a record.
    struct Member {
        Slot key;
        std::uint32_t value = 0;                               ///< where it begins,
        std::uint32_t end = 0;                                 ///< and ends
        std::uint32_t begin() const { return key.begin - 1; }  ///< the key's quote
    };
    /// Those that no pointer reads whole.
    using Rest = std::vector<Member>;
    /// From now on each read puts them there; null: nowhere. The caller empties it.
    void collect(Rest* rest) { rest_ = rest; }
    /// Reads the record at `token`; `slots` has slot_count() entries, all absent.
    /// @return the token after the record, or JsonReader::kFailed
    std::uint32_t read(JsonReader& reader, std::uint32_t token, int depth, Slot* slots, Notes& notes);

  private:
    struct Node;
    struct Entry;

    std::uint32_t value(Node& node, std::uint32_t token, int depth);
    std::uint32_t members(Node& node, std::uint32_t token, int depth);
    std::uint32_t elements(Node& node, std::uint32_t token, int depth);
    static Entry* find(Node& node, std::string_view key);

    std::unique_ptr<Node> root_;
    std::size_t slot_count_ = 0;
    // Of the read in progress.
    JsonReader* reader_ = nullptr;
    Slot* slots_ = nullptr;
    Notes* notes_ = nullptr;
    Rest* rest_ = nullptr;
    bool covered_ = false;  // inside a container that a pointer reads whole: all keys are read
};

}  // namespace pagehaul::record
