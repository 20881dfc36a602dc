#include "drafting.h"

namespace pagehaul::source {
namespace {

class Text : public testing::Drafting {
  protected:
    std::string of(const std::string& text) { return made_by(config::TextStep{.text = {text, ""}}); }
};

TEST_F(Text, HoldsWhatStepsHaveMade) {
    draft.value = "before";
    draft.named["nonce"] = "n1";
    EXPECT_EQ(of("<{{ value }}|{{nonce}}>"), "<before|n1>");
    EXPECT_EQ(draft.value, "<before|n1>");
}

TEST_F(Text, HoldsWhatIsSent) {
    request.body = "{\"a\":1}";
    request.content_type = "application/json";
    EXPECT_EQ(of("{{ request.method }}\n{{ request.host }}\n{{ request.path }}\n{{ request.query }}\n"
                 "{{ request.content_type }}\n{{ request.body }}"),
              "POST\napi.test:8443\n/v1/rows\nb=2&a=1%2B1&c=\napplication/json\n{\"a\":1}");
    request.target = "/v1/rows";
    EXPECT_EQ(of("{{ request.path }}|{{ request.query }}"), "/v1/rows|");
}

TEST_F(Text, IsNotReadAgainForPlaceholders) {
    draft.value = "{{ nonce }}";
    EXPECT_EQ(of("{{ value }}"), "{{ nonce }}");
}

TEST_F(Text, NamesOnlyWhatIsThere) {
    EXPECT_EQ(of("{{ nobody }}"), "refused: a text names what no step has made");
    EXPECT_EQ(of("{{ open"), "refused: a text names what no step has made");
}

}  // namespace
}  // namespace pagehaul::source
