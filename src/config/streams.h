#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/yaml/node.h"
#include "config/yaml/problem.h"

namespace pagehaul::config {

/// One stream of a file, as a file of its own: what the file has under `source` and `sink` is shared and a
/// default, what the stream has stands instead of it. Every node has its place in the real file.
struct StreamFile {
    std::string name;  ///< empty: the file has no streams, and this is all of it
    Node root;
    Place place{};  ///< of the stream
    bool stored = true;
};

/// The streams of a file in its order; of a file without `streams` one. Reports what is wrong with their
/// mapping; what is wrong in a stream its reader reports.
std::vector<StreamFile> split_streams(const Node& root, Problems& problems);

/// "source.request.path" in the stream's own file is "streams.orders.request.path" in the real one; what is
/// shared stays as it is.
std::string path_in_file(const StreamFile& stream, const std::string& path);
/// Problems of the stream's own file, in the real one.
void place_in_file(const StreamFile& stream, Problems& problems);

/// Streams fit each other: parents are there, no stream is its own, no table is filled by two. Sorts parents
/// before their children and fills in `parent`. `files` are theirs.
void check_streams(std::vector<Stream>& streams, const std::vector<StreamFile>& files, Problems& problems);

/// The streams of these names and those whose records make their slices. A name that is none is a problem at
/// `origin`. No names: all of them.
std::vector<Stream> selected(std::vector<Stream> streams, const std::vector<std::string>& names,
                             Problems& problems);

/// What a file's JSON Schema, which is that of a file without streams, is with them.
Node schema_with_streams(Node schema);

}  // namespace pagehaul::config
