#pragma once

#include <cstddef>
#include <string_view>

#include "record/convert.h"
#include "record/copy_buffer.h"

namespace pagehaul::record {

/// Walks the elements of a JSON array whose grammar has been checked.
class ArrayReader {
  public:
    /// @param raw from its opening bracket to its closing one
    explicit ArrayReader(std::string_view raw) : p_(raw.data() + 1), end_(raw.data() + raw.size() - 1) {}

    /// The next element, a string still escaped (`plain` where it has no escape), a container whole.
    /// @return false behind the last one
    bool next(Input& element);

  private:
    const char* p_;
    const char* end_;
};

/// Makes what was written after `mark`, a value as COPY text, an element of an array literal as COPY text:
/// in double quotes, which mean the same around a number and keep a text from being read as syntax.
void quote_element(std::size_t mark, CopyBuffer& out);

}  // namespace pagehaul::record
