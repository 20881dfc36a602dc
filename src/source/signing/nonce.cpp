#include <algorithm>
#include <string_view>

#include "source/signing/steps.h"

namespace pagehaul::source {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

char one_of_these(std::string_view letters, Random& random) {
    const auto at = static_cast<std::size_t>(random.unit() * static_cast<double>(letters.size()));
    return letters[std::min(at, letters.size() - 1)];
}

std::string by_chance(std::string_view letters, int length, Random& random) {
    std::string out;
    for (int i = 0; i < length; ++i)
        out += one_of_these(letters, random);
    return out;
}

/// RFC 9562, 5.4: version 4.
std::string uuid(Random& random) {
    std::string out = by_chance(hex_digits, 36, random);
    for (const std::size_t at : {8U, 13U, 18U, 23U})
        out[at] = '-';
    out[14] = '4';
    out[19] = one_of_these("89ab", random);
    return out;
}

}  // namespace

Result<void> take(const config::NonceStep& step, Draft& draft) {
    switch (step.of) {
        case config::NonceAlphabet::hex:
            draft.value = by_chance(hex_digits, step.length, draft.random);
            break;
        case config::NonceAlphabet::digits:
            draft.value = by_chance("0123456789", step.length, draft.random);
            break;
        case config::NonceAlphabet::letters_and_digits:
            draft.value = by_chance("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                                    step.length, draft.random);
            break;
        case config::NonceAlphabet::uuid:
            draft.value = uuid(draft.random);
            break;
    }
    return {};
}

}  // namespace pagehaul::source
