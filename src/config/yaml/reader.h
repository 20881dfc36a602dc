#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "config/yaml/node.h"
#include "config/yaml/problem.h"
#include "config/yaml/variables.h"

namespace pagehaul::config {

/// What reading one config carries along: where in the tree we are, the problems found, the secrets met.
class Reader {
  public:
    Reader(const Expansions& expansions, std::function<bool(const std::string&)> zone_exists,
           std::function<void(std::string_view)> on_secret, Problems& problems)
        : expansions_(expansions),
          zone_exists_(std::move(zone_exists)),
          on_secret_(std::move(on_secret)),
          problems_(problems) {}

    /// Adds a problem at the current path. Returns false, for `return reader.refuse(…)`.
    bool refuse(const Node& node, std::string text);
    bool refuse_at(const Place& place, std::string text);
    /// The same for `key` of the mapping that is being read; its place is the key's value where there is one.
    bool refuse_member(const Node& mapping, const std::string& key, std::string text);

    /// The same for what `keys` lead to from `node`, whose path is the current one.
    bool refuse_below(const Node& node, const std::vector<std::string>& keys, std::string text);
    /// No problem was found so far at, below or above these paths, which begin at the current one.
    bool is_clean(const std::vector<std::string>& paths);

    /// The scalar's variables could not be expanded; that problem is reported already.
    bool is_unexpanded(const Node& node) const;
    /// Variables in this scalar are no secrets (a table's name, a number).
    void mark_open(const Node& node) { open_.insert(&node); }
    /// A secret that is written into the file as it is, or a part of one.
    void add_secret(std::string_view text) { on_secret_(text); }
    /// The secret at the current path is written into the file as it is: whoever may read the file knows it.
    void note_literal(const Node& node);
    /// The secrets that stand in the file, each with the line that mends it; never with their values.
    const Problems& literals() const { return literals_; }
    /// Tells every expanded value that was not marked open: secret is the default.
    void collect_secrets();

    bool zone_exists(const std::string& zone) const { return zone_exists_(zone); }
    const std::string& path() const { return path_; }

    /// Enters `key` for as long as it lives.
    class Scope {
      public:
        Scope(Reader& reader, const std::string& key) : reader_(reader), size_(reader.path_.size()) {
            reader_.path_ = join_path(reader_.path_, key);
        }
        ~Scope() { reader_.path_.resize(size_); }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

      private:
        Reader& reader_;
        std::size_t size_;
    };

  private:
    const Expansions& expansions_;
    std::function<bool(const std::string&)> zone_exists_;
    std::function<void(std::string_view)> on_secret_;
    Problems& problems_;
    std::set<std::string> faulty_;  // the paths of the problems
    std::size_t looked_at_ = 0;     // so many of them
    Problems literals_;
    std::unordered_set<const Node*> open_;
    std::string path_;
};

/// What stands in the file, for "expected …, not THIS": a scalar as it was written, variables unexpanded.
std::string describe(const Node& node);

/// "a", "a or b", "a, b or c".
std::string one_of(const std::vector<std::string>& choices);

/// The choice that `text` was probably meant to be, or an empty string.
std::string nearest(std::string_view text, const std::vector<std::string>& choices);

}  // namespace pagehaul::config
