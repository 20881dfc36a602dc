#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/html.h"

namespace pagehaul::report {

// Charts drawn here, as SVG without a script. The drawing stretches to the width it is given; words stand
// around it as HTML, so that they keep their size on a phone. Pure.

struct Bar {
    std::int64_t value = 0;
    std::int64_t pale = 0;     ///< on top of it, in the second colour
    std::string label;         ///< what it is: for the pointer
    bool after_pause = false;  ///< a break before it
};
struct Mark {
    std::size_t bar = 0;  ///< at its left edge
    std::string text;
};
struct BarChart {
    std::string id;           ///< unique in the page
    std::string title;        ///< a text alternative: what it shows
    std::string description;  ///< and what can be seen in it
    std::vector<Bar> bars;
    std::vector<Mark> marks;  ///< those that come too close to the one before them are left out
};
Html draw(const BarChart& chart);

struct Part {
    std::int64_t value = 0;
    std::string style;  ///< a class of style.h
    std::string name;
};
/// One bar of parts, as wide as there is room. Empty parts are not drawn; a part is never too thin to see.
Html draw_parts(const std::string& title, const std::vector<Part>& parts);

}  // namespace pagehaul::report
