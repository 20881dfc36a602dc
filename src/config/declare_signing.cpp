#include "config/declaration.h"
#include "config/types.h"
#include "config/values.h"
#include "config/yaml/union.h"
#include "core/time_pattern.h"

namespace pagehaul::config {
namespace {

template <class Step>
Object<Step> making() {
    return Object<Step>().key(
        "name", &Step::name,
        optionally(ruled_text("a name of small letters, digits and _", "^[a-z][a-z0-9_]*$",
                              [](std::string_view text) -> std::optional<std::string> {
                                  if (text == "value" || text == "request")
                                      return "expected another name: this one has a meaning";
                                  const bool good =
                                      !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
                                      text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
                                          std::string_view::npos;
                                  return good ? std::nullopt : std::optional<std::string>("");
                              })),
        "By which later steps know what this one makes: {{ NAME }}.");
}

Type<std::string> time_pattern() {
    return ruled_text("a pattern such as %Y-%m-%d %H:%M:%S", "%",
                      [](std::string_view text) -> std::optional<std::string> {
                          const auto pattern = TimePattern::compile(text);
                          return pattern ? std::nullopt : std::optional(pattern.error());
                      });
}

bool check_timestamp(const Node& node, Reader& reader, TimestampStep& step) {
    if (step.format && node.get("unit") != nullptr)
        return reader.refuse_member(node, "unit", "expected no unit beside format");
    if (!step.format && node.get("zone") != nullptr)
        return reader.refuse_member(node, "zone", "expected format beside it: a count has no zone");
    return true;
}

bool check_nonce(const Node& node, Reader& reader, NonceStep& step) {
    if (step.of != NonceAlphabet::uuid || node.get("length") == nullptr) return true;
    return reader.refuse_member(node, "length", "expected no length of a uuid");
}

std::optional<std::string> name_of_any_letters(std::string_view name) {
    return name.empty() ? std::optional<std::string>("") : std::nullopt;
}

Type<std::string> parameter_name() {
    return ruled_text("a parameter's name", "^.+$", name_of_any_letters);
}

bool check_parameters(const Node& node, Reader& reader, ParametersStep& step) {
    if (!step.from.empty() || !step.with.empty()) return true;
    return reader.refuse(node, "expected from, with or both: what the parameters are");
}

Type<std::vector<std::string>> parameter_names() {
    return list_of(parameter_name(), "a list of parameters' names");
}

Object<ParametersStep> declare_parameters() {
    const auto place = choice<ParameterPlace>(
        {{"query", ParameterPlace::query}, {"form", ParameterPlace::form}, {"body", ParameterPlace::body}});
    return making<ParametersStep>()
        .key("from", &ParametersStep::from, list_of(place, "a list of query, form and body"),
             "Where they are collected; of a body the members of its JSON object, nested ones as the JSON "
             "that is "
             "sent.")
        .key("only", &ParametersStep::only, parameter_names(), "Those that are collected; left out: all.")
        .key("without", &ParametersStep::without, parameter_names(), "Those that are not.")
        .key("with", &ParametersStep::with,
             dictionary<Secret>(secret_template("a text"), "a mapping of parameter names to values",
                                [](const std::string& name) {
                                    return name.empty() ? std::optional<std::string>(
                                                              "expected a parameter's name, not an empty one")
                                                        : std::nullopt;
                                }),
             "More of them that are signed and not sent here.")
        .key("sort", &ParametersStep::sort,
             choice<ParameterOrder>({{"name", ParameterOrder::name},
                                     {"value", ParameterOrder::value},
                                     {"none", ParameterOrder::none}}),
             "By which they are sorted, byte by byte; none: as they stand.")
        .key("pair", &ParametersStep::pair, template_text(),
             "How one is written: {{ name }} and {{ value }}.")
        .key("separator", &ParametersStep::separator, text(), "What stands between two.")
        .key("values", &ParametersStep::values,
             choice<ParameterText>({{"plain", ParameterText::plain}, {"encoded", ParameterText::encoded}}),
             "encoded: names and values as they are in a URL.")
        .key("empty", &ParametersStep::empty,
             choice<EmptyParameters>(
                 {{"kept", EmptyParameters::kept}, {"left_out", EmptyParameters::left_out}}),
             "left_out: without those that have no value.")
        .check({}, check_parameters);
}

Type<DigestKind> algorithm() {
    return choice<DigestKind>({{"md5", DigestKind::md5},
                               {"sha1", DigestKind::sha1},
                               {"sha256", DigestKind::sha256},
                               {"sha512", DigestKind::sha512}});
}

bool check_send(const Node& node, Reader& reader, SendStep& step) {
    const int places =
        (step.query ? 1 : 0) + (step.header ? 1 : 0) + (step.form ? 1 : 0) + (step.body ? 1 : 0);
    if (places != 1) return reader.refuse(node, "expected exactly one of query, header, form and body");
    if (step.number && !step.body)
        return reader.refuse_member(node, "number", "expected body beside it: other places hold texts");
    return true;
}

Object<SendStep> declare_send() {
    return Object<SendStep>()
        .key("query", &SendStep::query, optionally(parameter_name()), "The query parameter to put it into.")
        .key("header", &SendStep::header,
             optionally(ruled_text("a header's name", "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", header_name_fault)),
             "The header to put it into.")
        .key("form", &SendStep::form, optionally(parameter_name()),
             "The parameter of source.request.form to put it into.")
        .key("body", &SendStep::body, optionally(parameter_name()),
             "The member of source.request.body, a JSON object, to put it into.")
        .key("value", &SendStep::value, secret_template("a text"),
             "What is put there; left out: what the step before made.")
        .key("number", &SendStep::number, boolean(), "With body: as a JSON number, not as a text.")
        .check({"query", "header", "form", "body", "number"}, check_send);
}

Type<SigningStep> declare_step() {
    return Union<SigningStep>("step")
        .choice("timestamp", making<TimestampStep>()
                                 .key("unit", &TimestampStep::unit,
                                      choice<TimestampUnit>({{"seconds", TimestampUnit::seconds},
                                                             {"milliseconds", TimestampUnit::milliseconds}}),
                                      "Since 1970.")
                                 .key("format", &TimestampStep::format, optionally(time_pattern()),
                                      "A strftime pattern, instead of a count.")
                                 .key("zone", &TimestampStep::zone, zone(), "Whose clock a format shows.")
                                 .check({"unit", "format", "zone"}, check_timestamp))
        .choice("nonce",
                making<NonceStep>()
                    .key("of", &NonceStep::of,
                         choice<NonceAlphabet>({{"hex", NonceAlphabet::hex},
                                                {"digits", NonceAlphabet::digits},
                                                {"letters_and_digits", NonceAlphabet::letters_and_digits},
                                                {"uuid", NonceAlphabet::uuid}}),
                         "What it is made of, by chance.")
                    .key("length", &NonceStep::length, small_integer(1, 256), "How long it is.")
                    .check({"of", "length"}, check_nonce))
        .choice("parameters", declare_parameters())
        .choice("text", making<TextStep>().required("text", &TextStep::text, secret_template("a text"),
                                                    "Values and texts one after another."))
        .choice("digest", making<DigestStep>().required("algorithm", &DigestStep::algorithm, algorithm(),
                                                        "Of the value before it, as bytes."))
        .choice("hmac", making<HmacStep>()
                            .required("algorithm", &HmacStep::algorithm, algorithm(),
                                      "Of the value before it, as bytes (RFC 2104).")
                            .required("key", &HmacStep::key, key_template(), "By which it is made."))
        .choice("encode",
                making<EncodeStep>().required("as", &EncodeStep::as,
                                              choice<SignEncoding>({{"hex", SignEncoding::hex},
                                                                    {"base64", SignEncoding::base64},
                                                                    {"base64url", SignEncoding::base64_url},
                                                                    {"url", SignEncoding::url}}),
                                              "How the value before it is written; url: percent-encoded."))
        .choice("case", making<CaseStep>().required(
                            "to", &CaseStep::to,
                            choice<LetterCase>({{"upper", LetterCase::upper}, {"lower", LetterCase::lower}}),
                            "Of the value before it, its letters A to Z."))
        .choice("send", declare_send());
}

}  // namespace

Type<Signing> declare_signing() {
    const auto aws_word = [](const std::string& expected) {
        return ruled_text(expected, "^[a-z0-9-]+$", [](std::string_view text) -> std::optional<std::string> {
            const bool good =
                !text.empty() &&
                text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
            return good ? std::nullopt : std::optional<std::string>("");
        });
    };
    return Union<Signing>("type")
        .choice("steps", Object<SigningSteps>().required("steps", &SigningSteps::steps,
                                                         list_of(declare_step(), "a list of steps", 1),
                                                         "What is done one after another."))
        .choice(
            "aws_sigv4",
            Object<AwsSigV4>()
                .required("region", &AwsSigV4::region, aws_word("a region such as eu-central-1"),
                          "The region that the key is for.")
                .required("service", &AwsSigV4::service, aws_word("a service such as execute-api"),
                          "The service that is asked, as AWS signs it.")
                .required("access_key_id", &AwsSigV4::access_key_id, open_secret("an access key's id"),
                          "By which AWS knows the key.")
                .required("secret_access_key", &AwsSigV4::secret_access_key, secret(), "The key.")
                .key("session_token", &AwsSigV4::session_token, optionally(secret()), "Of a temporary key."));
}

}  // namespace pagehaul::config
