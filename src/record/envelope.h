#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "record/json_reader.h"
#include "record/page.h"
#include "record/pointer.h"

namespace pagehaul::record {

/// Who takes what stands where the records belong. Tokens are those of JsonReader; each call returns the
/// token after the value, or JsonReader::kFailed.
class RecordsTaker {
  public:
    virtual ~RecordsTaker() = default;
    /// Whatever stands at the pointer; with a `*` in it, once for each element that has it.
    virtual std::uint32_t records(std::uint32_t token, int depth) = 0;
    /// An element that the `level`th `*` (from 0) stands for, before what is in it.
    virtual std::uint32_t element(std::size_t level, std::uint32_t token, int depth) = 0;
    /// An element without what the rest of the pointer names; or, of that kind, what has no elements.
    virtual void missing(Kind kind) = 0;
};

/// Walks a whole document once and picks the scalars at some pointers and the records, wherever they stand
/// and in whatever order.
class Envelope {
  public:
    /// How far a document goes.
    enum class Extent {
        whole,      ///< to the body's end
        first_line  ///< others follow
    };

    /// Throws Failure of kind config for what is no JSON pointer. A step "*" of `records` stands for each
    /// element of an array, or member of an object.
    Envelope(const std::string& records, const std::vector<std::string>& pointers);

    /// @return false with reader.fault() set, or ambiguous() set
    bool read(JsonReader& reader, std::vector<Scalar>& scalars, RecordsTaker& taker,
              Extent extent = Extent::whole);
    /// Of the last read: something stood at the records' pointer, or at one of its `*`.
    bool reached() const { return targets_.back().found; }
    /// How many `*` the records' pointer has.
    std::size_t levels() const;
    /// The pointer that named two places of the document (a key given twice), or empty.
    const std::string& ambiguous() const { return ambiguous_; }

  private:
    struct Target {
        std::string text;
        Pointer steps;
        std::vector<std::optional<std::uint32_t>> indexes;  // of steps, where they may name array elements
        bool found = false;
        std::vector<bool> wild{};  // of steps, of the records alone; empty: none is
        bool is_wild(std::size_t step) const { return !wild.empty() && wild[step]; }
    };
    /// The targets still possible at one place of the document: active_[begin, end).
    struct Range {
        std::size_t begin;
        std::size_t end;
    };

    std::uint32_t value(std::uint32_t token, int depth, Range range);
    std::uint32_t members(std::uint32_t token, int depth, Range range);
    std::uint32_t elements(std::uint32_t token, int depth, Range range);
    std::uint32_t child(std::uint32_t token, int depth, std::size_t begin);
    std::uint32_t wild_child(std::uint32_t token, int depth, std::size_t begin);
    /// An empty container whose end is at `token`: records of each of its elements are there, none.
    std::uint32_t no_elements(std::uint32_t token, std::size_t step, Range range);
    /// What has no elements stands where the records' pointer has a `*`.
    void note_no_elements(Kind kind, int depth, Range range);
    bool mark_found(std::size_t target);
    void set_scalar(std::size_t target, const Slot& slot);

    std::vector<Target> targets_;  // the scalars in their order, then the records
    std::vector<std::size_t> active_;
    std::string ambiguous_;
    // Of the read in progress.
    JsonReader* reader_ = nullptr;
    std::vector<Scalar>* scalars_ = nullptr;
    RecordsTaker* taker_ = nullptr;
};

}  // namespace pagehaul::record
