#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "record/json_reader.h"
#include "record/page.h"
#include "record/pointer.h"

namespace pagehaul::record {

/// Walks a whole document once and picks the scalars at some pointers and the array of records, wherever they
/// stand and in whatever order.
class Envelope {
  public:
    /// Called with the token of the records' '['; returns the token after its ']', or JsonReader::kFailed.
    using OnRecords = std::function<std::uint32_t(std::uint32_t token, int depth)>;

    /// Throws Failure of kind config for what is no JSON pointer.
    Envelope(const std::string& records, const std::vector<std::string>& pointers);

    /// @return false with reader.fault() set, or ambiguous() set
    bool read(JsonReader& reader, std::vector<Scalar>& scalars, const OnRecords& on_records);
    /// The pointer that named two places of the document (a key given twice), or empty.
    const std::string& ambiguous() const { return ambiguous_; }

  private:
    struct Target {
        std::string text;
        Pointer steps;
        std::vector<std::optional<std::uint32_t>> indexes;  // of steps, where they may name array elements
        bool found = false;
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
    bool mark_found(std::size_t target);
    void set_scalar(std::size_t target, const Slot& slot);

    std::vector<Target> targets_;  // the scalars in their order, then the records
    std::vector<std::size_t> active_;
    std::string key_;
    std::string ambiguous_;
    // Of the read in progress.
    JsonReader* reader_ = nullptr;
    std::vector<Scalar>* scalars_ = nullptr;
    const OnRecords* on_records_ = nullptr;
};

}  // namespace pagehaul::record
