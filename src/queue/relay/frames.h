#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/error.h"
#include "queue/queue.h"

namespace pagehaul::queue::relay {

// What a pool and a worker that it started say to each other, a line of JSON each: src/queue/README.md. Both
// are the same binary, so it has no version.

/// The pool: a message, in answer to More.
std::string write(const Delivery& delivery);
Result<Delivery> read_delivery(std::string_view line);

/// The worker may be given so many more messages, beside those that it asked for before.
struct More {
    std::size_t messages = 0;
    friend bool operator==(const More&, const More&) = default;
};
struct Done {
    std::vector<std::uint64_t> tags;
    friend bool operator==(const Done&, const Done&) = default;
};
struct HandedOn {
    std::vector<std::uint64_t> tags;
    friend bool operator==(const HandedOn&, const HandedOn&) = default;
};
struct Released {
    std::vector<std::uint64_t> tags;
    friend bool operator==(const Released&, const Released&) = default;
};
struct Bury {
    std::uint64_t tag = 0;
    std::string why;
    friend bool operator==(const Bury&, const Bury&) = default;
};
using Said = std::variant<More, Done, HandedOn, Released, Bury>;

std::string write(const Said& said);
/// Errors are of kind bug: nobody but we writes here.
Result<Said> read_said(std::string_view line);

}  // namespace pagehaul::queue::relay
