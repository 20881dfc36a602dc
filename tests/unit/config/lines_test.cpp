#include "config/yaml/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/types.h"
#include "config/yaml/object.h"

namespace pagehaul::config {
namespace {

using testing::ElementsAre;

struct Inner {
    std::int64_t size = 10;
};
struct Outer {
    std::string name;
    std::optional<Inner> inner{};
    std::int64_t added = 0;
};

Object<Inner> inner() {
    return Object<Inner>().key("size", &Inner::size, integer(0, 100), "");
}
Object<Outer> older() {
    return Object<Outer>()
        .required("name", &Outer::name, text(), "")
        .key("inner", &Outer::inner, optionally<Inner>(inner()), "");
}
Object<Outer> newer() {
    return older().key("added", &Outer::added, integer(0, 100), "");
}

std::vector<std::string> distinct(const Object<Outer>& object, const Outer& value) {
    std::vector<std::string> lines;
    for (const Line& line : lines_of(object.show(nullptr, value), "x"))
        if (!line.is_default) lines.push_back(line.path + " = " + line.value);
    return lines;
}

TEST(Lines, AKeyThatANewerProgramKnowsChangesNothingWhileItIsLeftOut) {
    const Outer value{.name = "", .inner = Inner{.size = 7}};
    EXPECT_THAT(distinct(older(), value), ElementsAre("x.name = \"\"", "x.inner.size = 7"));
    EXPECT_EQ(distinct(newer(), value), distinct(older(), value));
    EXPECT_THAT(distinct(newer(), {.name = "", .added = 1}), ElementsAre("x.name = \"\"", "x.added = 1"));
}

TEST(Lines, AMappingThatIsWrittenAndHoldsDefaultsAloneIsNotOneThatIsLeftOut) {
    EXPECT_THAT(distinct(older(), {.name = "a", .inner = Inner{}}),
                ElementsAre("x.name = \"a\"", "x.inner = {}"));
    EXPECT_THAT(distinct(older(), {.name = "a"}), ElementsAre("x.name = \"a\""));
}

TEST(Lines, HaveWhatIsAtItsDefaultToo) {
    EXPECT_THAT(lines_of(older().show(nullptr, {.name = "a"}), "x"),
                ElementsAre(Line{.path = "x.name", .value = "\"a\""},
                            Line{.path = "x.inner", .value = "null", .is_default = true}));
}

}  // namespace
}  // namespace pagehaul::config
