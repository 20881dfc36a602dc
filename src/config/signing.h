#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/auth.h"
#include "core/digest.h"

namespace pagehaul::config {

// The steps that sign a request. Each makes a value: of the one before it, or of those that have a name.
// Texts are templates: {{ value }} is the one before, {{ NAME }} one with a name, {{ request.… }} of the
// request as it stands then.

enum class TimestampUnit { seconds, milliseconds };
struct TimestampStep {
    std::optional<std::string> name{};
    TimestampUnit unit = TimestampUnit::seconds;
    std::optional<std::string> format{};  ///< a TimePattern, instead of the unit
    std::string zone = "Etc/UTC";         ///< of the format
};

enum class NonceAlphabet { hex, digits, letters_and_digits, uuid };
struct NonceStep {
    std::optional<std::string> name{};
    NonceAlphabet of = NonceAlphabet::hex;
    int length = 32;  ///< but of a uuid
};

enum class ParameterPlace { query, form, body };
enum class ParameterOrder { name, value, none };
enum class ParameterText { plain, encoded };
enum class EmptyParameters { kept, left_out };
struct ParametersStep {
    std::optional<std::string> name{};
    std::vector<ParameterPlace> from{};  ///< of a body: the members of a JSON object
    std::vector<std::string> only{};     ///< empty: all
    std::vector<std::string> without{};
    std::vector<std::pair<std::string, Secret>> with{};  ///< more of them, name -> template
    ParameterOrder sort = ParameterOrder::name;
    std::string pair = "{{ name }}={{ value }}";
    std::string separator = "&";
    ParameterText values = ParameterText::plain;  ///< encoded: as they are in a URL
    EmptyParameters empty = EmptyParameters::kept;
};

struct TextStep {
    std::optional<std::string> name{};
    Secret text{};
};

struct DigestStep {
    std::optional<std::string> name{};
    DigestKind algorithm = DigestKind::sha256;
};
struct HmacStep {
    std::optional<std::string> name{};
    DigestKind algorithm = DigestKind::sha256;
    Secret key{};  ///< template
};

enum class SignEncoding { hex, base64, base64_url, url };
struct EncodeStep {
    std::optional<std::string> name{};
    SignEncoding as = SignEncoding::hex;
};
enum class LetterCase { upper, lower };
struct CaseStep {
    std::optional<std::string> name{};
    LetterCase to = LetterCase::upper;
};

/// Puts a value into the request, in one of four places.
struct SendStep {
    std::optional<std::string> query{};   ///< a parameter's name
    std::optional<std::string> header{};  ///< its name
    std::optional<std::string> form{};    ///< a parameter's name
    std::optional<std::string> body{};    ///< the name of a member of the JSON object
    Secret value{"{{ value }}", "{{ value }}"};
    bool number = false;  ///< of a body: sent as a JSON number
};

using SigningStep = std::variant<TimestampStep, NonceStep, ParametersStep, TextStep, DigestStep, HmacStep,
                                 EncodeStep, CaseStep, SendStep>;
struct SigningSteps {
    std::vector<SigningStep> steps{};
};

/// Signature Version 4 of AWS.
struct AwsSigV4 {
    std::string region;
    std::string service;
    Secret access_key_id;
    Secret secret_access_key;
    std::optional<Secret> session_token{};
};

/// How requests are signed, once nothing else of them changes.
using Signing = std::variant<SigningSteps, AwsSigV4>;

}  // namespace pagehaul::config
