#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "record/columns.h"
#include "record/copy_buffer.h"
#include "record/field_tree.h"
#include "record/json_reader.h"

namespace pagehaul::record {

/// The fields of a record that no column reads whole. Used by one thread.
class RestFields {
  public:
    RestFields();

    /// The fields of the record in progress: where a FieldTree collects them, and whoever reads it empties
    /// it.
    FieldTree::Rest& members() { return members_; }
    /// All of them, as one object of JSON; good until the next call.
    std::string_view object(const JsonReader& reader);
    /// Writes them as the last field of a line, for the columns that the table has of them or is to have
    /// (sink.undeclared: add_column): one object of those that are not null, NULL where there are none.
    /// @return why not, in words for people; empty: it is written
    std::string write(const JsonReader& reader, CopyBuffer& out, std::int32_t& nul_replaced);
    /// The names of what has been written since it was asked last, each once: at most one more than a table
    /// may be given.
    std::vector<std::string> take_names();
    void clear();

  private:
    std::string note(std::string_view escaped);

    FieldTree::Rest members_;
    std::string text_;
    ColumnPlan plan_;  // of the last field
    std::string no_key_;
    std::set<std::string, std::less<>> seen_;  // as they are written: escaped
    std::vector<std::string> names_;
};

}  // namespace pagehaul::record
