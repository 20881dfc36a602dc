#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "report/run_report.h"

namespace pagehaul::report {

/// The config as the run's fingerprint keeps it: "sink.table = \"report.creative\"", a line a leaf, variables
/// unexpanded. What the run was made with, whatever the file says by now.
class ConfigLines {
  public:
    explicit ConfigLines(const std::string& text);

    Told told() const;
    bool told_is_advisory() const;
    /// What a reader wants to know, in words: name and value.
    std::vector<std::pair<std::string, std::string>> facts() const;

  private:
    bool has(const std::string& prefix) const;
    /// A scalar, strings without their quotes; "" where there is none.
    std::string value(const std::string& key) const;
    /// A place of a response: a pointer, or "the header X".
    std::string place(const std::string& key) const;
    /// The items of a list, in order, joined by ", ".
    std::string list(const std::string& key) const;
    std::string slices() const;
    /// Their names; "" where there are none.
    std::string streams() const;

    std::map<std::string, std::string> lines_;
};

}  // namespace pagehaul::report
