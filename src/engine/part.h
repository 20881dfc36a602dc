#pragma once

namespace pagehaul::engine {

/// What of a run a process does.
enum class Part {
    whole,  ///< plans, and pulls to the end
    help,   ///< pulls while there is something to pull, beside others
    watch,  ///< plans, pulls nothing, and stays to the end
    tell,   ///< plans, pulls nothing, and leaves when the pages that are due are told of
};

constexpr bool pulls(Part part) {
    return part == Part::whole || part == Part::help;
}

}  // namespace pagehaul::engine
