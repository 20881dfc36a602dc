#pragma once

#include <cstdint>
#include <string>

namespace mockapi {

/// A gzip file, about 1/160 of `inflated` bytes, that inflates to one JSON document of that size. Made by
/// hand: a fixed-Huffman deflate block of runs, so that no compression library is needed.
std::string gzip_bomb(std::uint64_t inflated);

}  // namespace mockapi
