#include "report/html.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace pagehaul::report {
namespace {

std::string source(const Html& html) {
    return html.source();
}

TEST(Escape, NothingThatHtmlReadsIsLeft) {
    EXPECT_EQ(source("<b a=\"1\" c='2'>&amp;</b>"),
              "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;");
}

TEST(Escape, ControlCharactersThatHtmlCannotHoldAreReplaced) {
    EXPECT_EQ(source(std::string("a\0b\x1b[31mc\x7f", 10)),
              "a\xEF\xBF\xBD"
              "b\xEF\xBF\xBD[31mc\xEF\xBF\xBD");
    EXPECT_EQ(Html("a\u202Eb\u0085\u2028").source(), "a\uFFFDb\uFFFD\uFFFD") << "nor what turns the reading";
    EXPECT_EQ(source("a\tb\nc"), "a\tb\nc");
}

TEST(Escape, OtherScriptsStayAsTheyAre) {
    EXPECT_EQ(source("￥ 日本 😀"), "￥ 日本 😀");
}

TEST(Html, TextIsEscapedWhereverItIsPutIn) {
    const std::string outside = "<i>";
    Html html = outside;
    html += outside;
    EXPECT_EQ(source(html + outside + "&"), "&lt;i&gt;&lt;i&gt;&lt;i&gt;&amp;");
    EXPECT_EQ(source(outside + html), "&lt;i&gt;&lt;i&gt;&lt;i&gt;");
}

TEST(Html, OnlyOurOwnWordsAreTakenAsMarkup) {
    EXPECT_EQ(source(verbatim("<b>") + "<b>"), "<b>&lt;b&gt;");
    EXPECT_FALSE((std::is_convertible_v<std::string, Literal>));
    EXPECT_FALSE((std::is_convertible_v<std::string_view, Literal>));
    EXPECT_FALSE((std::is_convertible_v<Html, std::string>)) << "it would be escaped twice";
}

TEST(Element, HoldsElementsAndText) {
    EXPECT_EQ(source(element("p", "a < " + element("b", "c > d") + " & e")),
              "<p>a &lt; <b>c &gt; d</b> &amp; e</p>");
    EXPECT_EQ(source(element("i", "")), "<i></i>");
    EXPECT_TRUE(Html().empty());
}

TEST(Element, AttributesAreEscapedAndInOrder) {
    EXPECT_EQ(source(element("a", {{"title", "\"<&>'"}, {"href", std::string("#x")}}, "y")),
              "<a title=\"&quot;&lt;&amp;&gt;&#39;\" href=\"#x\">y</a>");
}

TEST(Element, AnAttributeThatSaysNothingIsLeftOut) {
    EXPECT_EQ(source(element("td", {{"class", ""}}, "x")), "<td>x</td>");
    EXPECT_EQ(source(element("details", {{"open", true}}, "x")), "<details open>x</details>");
    EXPECT_EQ(source(element("details", {{"open", false}}, "x")), "<details>x</details>");
}

TEST(Element, OneThatHoldsNothingIsNotClosedInHtmlAndClosedInSvg) {
    EXPECT_EQ(source(void_element("wbr")), "<wbr>");
    EXPECT_EQ(source(void_element("meta", {{"charset", "utf-8"}})), "<meta charset=\"utf-8\">");
    EXPECT_EQ(source(shape("rect", {{"x", "0"}, {"y", "1"}})), "<rect x=\"0\" y=\"1\"/>");
}

}  // namespace
}  // namespace pagehaul::report
