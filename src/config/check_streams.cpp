#include <algorithm>
#include <map>
#include <set>

#include "config/streams.h"
#include "core/join.h"

namespace pagehaul::config {
namespace {

std::string in_streams(const std::string& name, const std::string& rest) {
    return "streams." + name + "." + rest;
}

Place place_of(const StreamFile& file, const std::string& dimension) {
    const Node* node = file.root.get("source");
    for (const std::string& key : {std::string("slices"), dimension})
        if (node != nullptr) node = node->get(key);
    return node == nullptr ? file.place : node->place;
}

class Families {
  public:
    Families(std::vector<Stream>& streams, const std::vector<StreamFile>& files, Problems& problems)
        : streams_(streams), problems_(problems) {
        for (const StreamFile& file : files)
            files_[file.name] = &file;
    }

    void check() {
        for (Stream& stream : streams_)
            for (const Dimension& dimension : stream.source.slices)
                check(stream, dimension);
        for (const Stream& stream : streams_)
            if (!stream.stored && std::none_of(streams_.begin(), streams_.end(), [&](const Stream& other) {
                    return other.parent == stream.name;
                }))
                refuse(stream, "store", files_[stream.name]->place,
                       "expected a stream whose slices its records make: without one it need not be pulled");
    }

    /// Parents first; those of a circle are reported, and stay where they are.
    void sort() {
        std::vector<Stream> sorted;
        while (!streams_.empty()) {
            const auto next = std::find_if(streams_.begin(), streams_.end(), [&](const Stream& stream) {
                return stream.parent.empty() ||
                       std::none_of(streams_.begin(), streams_.end(),
                                    [&](const Stream& other) { return other.name == stream.parent; });
            });
            if (next == streams_.end()) {
                refuse(streams_.front(), "slices", files_[streams_.front().name]->place,
                       "expected streams without a circle: " + streams_.front().name +
                           " makes, over others, its own slices");
                std::move(streams_.begin(), streams_.end(), std::back_inserter(sorted));
                break;
            }
            sorted.push_back(std::move(*next));
            streams_.erase(next);
        }
        streams_ = std::move(sorted);
    }

  private:
    void check(Stream& stream, const Dimension& dimension) {
        const auto* const of = std::get_if<ParentDimension>(&dimension.values);
        const Place place = place_of(*files_[stream.name], dimension.name);
        const std::string path = "slices." + dimension.name;
        const bool has_parent = std::any_of(
            stream.source.slices.begin(), stream.source.slices.end(),
            [](const Dimension& other) { return std::holds_alternative<ParentDimension>(other.values); });
        if (of == nullptr) {
            if (has_parent && is_time(dimension))
                refuse(
                    stream, path, place,
                    "expected a list, or a value of the parent, beside a parent's records; the parent's own "
                    "times are there by slice: NAME");
            return;
        }
        const Stream* const parent = find(of->stream);
        if (parent == nullptr || parent == &stream)
            return refuse(stream, path + ".stream", place,
                          "expected the name of another stream, one of " + others(stream));
        if (!stream.parent.empty() && stream.parent != parent->name)
            return refuse(stream, path + ".stream", place,
                          "expected one parent for all slices of a stream: " + stream.parent + " is one");
        stream.parent = parent->name;
        if (of->slice && !has_slice(*parent, *of->slice))
            refuse(stream, path + ".slice", place,
                   "expected a name of " + parent->name + "'s slices, which are " +
                       (parent->source.slices.empty() ? "none" : names(*parent)));
    }

    static bool has_slice(const Stream& stream, const std::string& name) {
        return std::any_of(
            stream.source.slices.begin(), stream.source.slices.end(), [&](const Dimension& dimension) {
                return dimension.name == name || (is_time(dimension) && (dimension.name + "_end" == name ||
                                                                         dimension.name + "_next" == name));
            });
    }
    static std::string names(const Stream& stream) {
        return join(stream.source.slices, ", ", [](const Dimension& dimension) { return dimension.name; });
    }
    std::string others(const Stream& stream) const {
        std::vector<std::string> names;
        for (const Stream& other : streams_)
            if (&other != &stream) names.push_back(other.name);
        return names.empty() ? "none: there is no other" : join(names, ", ");
    }
    const Stream* find(const std::string& name) const {
        const auto found = std::find_if(streams_.begin(), streams_.end(),
                                        [&](const Stream& stream) { return stream.name == name; });
        return found == streams_.end() ? nullptr : &*found;
    }
    void refuse(const Stream& stream, const std::string& path, const Place& place, std::string text) {
        problems_.push_back({.place = place,
                             .path = stream.name.empty() ? "source." + path : in_streams(stream.name, path),
                             .text = std::move(text)});
    }

    std::vector<Stream>& streams_;
    Problems& problems_;
    std::map<std::string, const StreamFile*> files_;
};

void check_tables(const std::vector<Stream>& streams, const std::vector<StreamFile>& files,
                  Problems& problems) {
    std::map<std::string, std::string> filled;
    for (const Stream& stream : streams) {
        if (!stream.stored) continue;
        const std::string table = stream.sink.schema + "." + stream.sink.table;
        const auto [first, is_new] = filled.emplace(table, stream.name);
        if (is_new) continue;
        const auto file = std::find_if(files.begin(), files.end(),
                                       [&](const StreamFile& one) { return one.name == stream.name; });
        problems.push_back(
            {.place = file->place,
             .path = in_streams(stream.name, "table"),
             .text = "expected a table of its own: stream " + first->second + " fills " + table});
    }
}

}  // namespace

void check_streams(std::vector<Stream>& streams, const std::vector<StreamFile>& files, Problems& problems) {
    Families families(streams, files, problems);
    families.check();
    families.sort();
    check_tables(streams, files, problems);
}

std::vector<Stream> selected(std::vector<Stream> streams, const std::vector<std::string>& names,
                             Problems& problems) {
    if (names.empty()) return streams;
    std::set<std::string> wanted;
    for (const std::string& name : names) {
        const bool is_there =
            !name.empty() &&
            std::any_of(streams.begin(), streams.end(), [&](const Stream& one) { return one.name == name; });
        if (is_there) {
            wanted.insert(name);
            continue;
        }
        problems.push_back(
            {.place = {.origin = "--stream " + name},
             .path = {},
             .text = streams.front().name.empty()
                         ? "expected no --stream: the file has no streams"
                         : "expected one of the file's streams: " +
                               join(streams, ", ", [](const Stream& stream) { return stream.name; })});
    }
    // Children stand behind their parents.
    for (auto stream = streams.rbegin(); stream != streams.rend(); ++stream)
        if (wanted.contains(stream->name) && !stream->parent.empty()) wanted.insert(stream->parent);
    std::erase_if(streams, [&](const Stream& stream) { return !wanted.contains(stream.name); });
    return streams;
}

}  // namespace pagehaul::config
