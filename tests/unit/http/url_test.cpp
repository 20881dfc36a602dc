#include "http/url.h"
#include "http/proxy.h"

#include <gtest/gtest.h>

#include <map>

namespace pagehaul::http {
namespace {

TEST(ParseUrl, TakesSchemeHostPortAndPathApart) {
    const auto url = parse_url("HTTPS://API.Example.com:8443/api/open");
    ASSERT_TRUE(url) << url.error().text();
    EXPECT_EQ(url->scheme, "https");
    EXPECT_EQ(url->host, "api.example.com");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->path, "/api/open");
    EXPECT_EQ(url->origin(), "https://api.example.com:8443");
}

TEST(ParseUrl, KnowsTheUsualPorts) {
    EXPECT_EQ(parse_url("http://a")->port, 80);
    EXPECT_EQ(parse_url("https://a")->port, 443);
    EXPECT_EQ(parse_url("https://a:443/")->origin(), "https://a");
    EXPECT_EQ(parse_url("http://a")->path, "/");
}

TEST(ParseUrl, TakesAnIpv6Address) {
    const auto url = parse_url("http://[::1]:8080/x");
    ASSERT_TRUE(url) << url.error().text();
    EXPECT_EQ(url->origin(), "http://[::1]:8080");
}

TEST(ParseUrl, RefusesWhatCannotBeABase) {
    for (const char* const text :
         {"", "api.example.com", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:65536",
          "http://a:x", "http://user:pass@a", "http://a/?x=1", "http://a/#f", "http://a b", "http://ä",
          "http://a\r\nX: 1", "http://[::1", "http://a%20b"}) {
        const auto url = parse_url(text);
        ASSERT_FALSE(url) << text;
        EXPECT_EQ(url.error().kind, ErrorKind::config);
        EXPECT_NE(url.error().message.find("expected"), std::string::npos) << url.error().message;
    }
}

TEST(SameOrigin, ComparesSchemeHostAndEffectivePort) {
    const auto same = [](const char* a, const char* b) {
        return same_origin(parse_absolute_url(a).value(), parse_absolute_url(b).value());
    };
    EXPECT_TRUE(same("https://A.com/x", "https://a.com:443/y?z"));
    EXPECT_FALSE(same("https://a.com", "http://a.com"));
    EXPECT_FALSE(same("https://a.com", "https://a.com:8443"));
    EXPECT_FALSE(same("https://a.com", "https://a.com.evil.org"));
}

TEST(JoinPath, MakesOneSlashWhereTheyMeet) {
    EXPECT_EQ(join_path("/", "/data"), "/data");
    EXPECT_EQ(join_path("/api/", "/data/"), "/api/data/");
    EXPECT_EQ(join_path("/api", "data"), "/api/data");
    EXPECT_EQ(join_path("/api", ""), "/api");
    EXPECT_EQ(join_path("/", ""), "/");
    EXPECT_EQ(join_path("/api", "?x=1"), "/api?x=1");
    EXPECT_EQ(join_path("/", "?x=1"), "/?x=1");
}

TEST(Encoding, KeepsThePathsOwnSignsAndFinishedEscapes) {
    EXPECT_EQ(encode_path("/a b/%2F/100%/ü?x=1&y=#"), "/a%20b/%2F/100%25/%C3%BC?x=1&y=%23");
}

TEST(Encoding, EncodesAllButUnreservedInAComponent) {
    EXPECT_EQ(encode_component("a/b c&d=e+f%~-._"), "a%2Fb%20c%26d%3De%2Bf%25~-._");
    EXPECT_EQ(encode_component("\r\n"), "%0D%0A");
}

TEST(SafeInHeader, RefusesLineBreaksAndNul) {
    EXPECT_TRUE(safe_in_header("Bearer abc\t="));
    EXPECT_FALSE(safe_in_header("a\rb"));
    EXPECT_FALSE(safe_in_header("a\nb"));
    EXPECT_FALSE(safe_in_header(std::string_view("a\0b", 3)));
}

std::string proxy(const char* base_url, const std::map<std::string, std::string>& variables) {
    const auto found = proxy_for(base_url, [&](const std::string& name) -> std::optional<std::string> {
        const auto variable = variables.find(name);
        if (variable == variables.end()) return {};
        return variable->second;
    });
    return found ? *found : "error: " + found.error().text();
}

TEST(ProxyFor, ReadsTheVariableOfTheScheme) {
    EXPECT_EQ(proxy("https://a.com", {{"HTTPS_PROXY", "http://p:1"}, {"HTTP_PROXY", "http://q:2"}}),
              "http://p:1");
    EXPECT_EQ(proxy("http://a.com", {{"HTTPS_PROXY", "http://p:1"}, {"HTTP_PROXY", "http://q:2"}}),
              "http://q:2");
    EXPECT_EQ(proxy("https://a.com", {{"https_proxy", "http://low:1"}, {"HTTPS_PROXY", "http://p:1"}}),
              "http://low:1");
    EXPECT_EQ(proxy("https://a.com", {{"HTTPS_PROXY", ""}}), "");
    EXPECT_EQ(proxy("https://a.com", {}), "");
}

TEST(ProxyFor, TakesAProxyWithoutSchemeAsHttp) {
    EXPECT_EQ(proxy("https://a.com", {{"HTTPS_PROXY", "p:3128"}}), "http://p:3128");
    EXPECT_EQ(proxy("https://a.com", {{"HTTPS_PROXY", "http://u:s@p:3128"}}), "http://u:s@p:3128");
}

TEST(ProxyFor, LeavesOutWhatNoProxyNames) {
    const auto with = [](const char* base_url, const char* list) {
        return proxy(base_url, {{"HTTP_PROXY", "http://p:1"}, {"NO_PROXY", list}});
    };
    EXPECT_EQ(with("http://a.example.com", "localhost, example.com"), "");
    EXPECT_EQ(with("http://a.example.com", ".example.com"), "");
    EXPECT_EQ(with("http://a.example.com", "*.example.com"), "");
    EXPECT_EQ(with("http://a.example.com", "*"), "");
    EXPECT_EQ(with("http://a.example.com:8080", "example.com:8080"), "");
    EXPECT_EQ(with("http://a.example.com:8080", "example.com:9090"), "http://p:1");
    EXPECT_EQ(with("http://badexample.com", "example.com"), "http://p:1");
    EXPECT_EQ(with("http://10.1.2.3", "10.0.0.0/8"), "");
    EXPECT_EQ(with("http://11.1.2.3", "10.0.0.0/8"), "http://p:1");
    EXPECT_EQ(with("http://[::1]", "::1"), "");
    EXPECT_EQ(with("http://a.com", ""), "http://p:1");
}

TEST(ProxyFor, NamesTheVariableThatCannotBeUsedAndHidesItsText) {
    const std::string text = proxy("https://a.com", {{"HTTPS_PROXY", "socks5://user:hunter2@p:1"}});
    EXPECT_TRUE(text.starts_with("error: HTTPS_PROXY")) << text;
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(ProxyFor, NamesTheVariableWhoseUserInfoIsMalformedAndHidesIt) {
    for (const char* const info :
         {"u:hunter2%zz", "u:hunter2%", "u:hunter2%00", "u:hunter 2", "u:h\xC3\xA9nter2"}) {
        const std::string text =
            proxy("https://a.com", {{"HTTPS_PROXY", "http://" + std::string(info) + "@p:1"}});
        EXPECT_TRUE(text.starts_with("error: HTTPS_PROXY: expected")) << text;
        EXPECT_EQ(text.find("nter"), std::string::npos) << text;
    }
}

TEST(ProxySecrets, AreUserInfoAndPasswordAsWrittenAndDecodedOfEveryVariable) {
    const std::map<std::string, std::string> variables{{"HTTPS_PROXY", "http://user:hunter%2F2@p:1"},
                                                       {"http_proxy", "token%3D@p"},
                                                       {"HTTP_PROXY", "http://u:p/@ss@p:1/"}};
    const auto secrets = proxy_secrets([&](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
    for (const char* const secret : {"user:hunter%2F2", "user:hunter/2", "hunter%2F2", "hunter/2", "token%3D",
                                     "token=", "u:p/@ss", "p/@ss"})
        EXPECT_EQ(std::count(secrets.begin(), secrets.end(), secret) > 0, true) << secret;
    EXPECT_EQ(std::count(secrets.begin(), secrets.end(), "user"), 0) << "a word that logs may need";
}

TEST(ProxyFor, DoesNotTrustACgiClientsHeader) {
    EXPECT_EQ(proxy("http://a.com", {{"HTTP_PROXY", "http://evil:1"}, {"REQUEST_METHOD", "GET"}}), "");
}

TEST(Parameter, IsTakenOutWhateverItsSpelling) {
    EXPECT_EQ(without_parameter("/a?b=1&c=2&%62=3&d", "b"), "/a?c=2&d");
    EXPECT_EQ(without_parameter("/a?b=1", "b"), "/a");
    EXPECT_EQ(without_parameter("/a?&c=x%26b=1&", "b"), "/a?c=x%26b=1");
    EXPECT_EQ(without_parameter("/a", "b"), "/a");
}

TEST(Component, IsDecodedAsFormsAre) {
    EXPECT_EQ(decode_component("a+b%2B%c3%A9%zz%4"), "a b+é%zz%4");
    EXPECT_EQ(decode_component(encode_component("a b+c/é%")), "a b+c/é%");
}

}  // namespace
}  // namespace pagehaul::http
