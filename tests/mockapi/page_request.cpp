#include "page_request.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <vector>

#include "chain.h"
#include "json_scan.h"

namespace mockapi {
namespace {

using Pointers = std::initializer_list<std::string_view>;

class Parameters {
  public:
    explicit Parameters(const HttpRequest& request) {
        for (const auto& [name, value] : request.query)
            values_.push_back({"/" + name, value, false});
        if (request.body.empty()) return;
        auto scalars = scan_json(request.body);
        whole_ = scalars.has_value();
        if (scalars) values_.insert(values_.end(), scalars->begin(), scalars->end());
    }
    bool whole() const { return whole_; }
    const JsonScalar* find(Pointers pointers) const {
        for (const auto pointer : pointers) {
            for (const auto& value : values_) {
                if (value.pointer == pointer) return &value;
            }
        }
        return nullptr;
    }
    std::string text(Pointers pointers) const {
        const auto* found = find(pointers);
        return found == nullptr ? std::string() : found->text;
    }

  private:
    std::vector<JsonScalar> values_;
    bool whole_ = true;
};

bool only(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

/// -1 where the parameter is absent; sets `error` where it is no number.
std::int64_t read_number(const Options& options, const Parameters& parameters, Pointers pointers,
                         std::string& error) {
    const auto* found = parameters.find(pointers);
    if (found == nullptr) return -1;
    const auto name = found->pointer.substr(1);
    if (options.strict_types && found->is_string) error = name + " must be a number, not a string";
    std::int64_t value = -1;
    const auto& text = found->text;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size() || value < 0) {
        error = name + " must be a number from 0";
        return -1;
    }
    return value;
}

void check(const Options& options, const Parameters& parameters, PageRequest& page) {
    if (!page.error.empty()) return;
    if (!parameters.whole())
        page.error = "the body is not JSON";
    else if (page.number < 0 && page.offset < 0)
        page.error = "page_num or offset is missing";
    else if (page.number == 0)
        page.error = "page_num starts at 1";
    else if (page.size < 0 && options.page_size == 0)
        page.error = "page_size is missing";
    else if (page.size == 0)
        page.error = "page_size must be positive";
    else if (page.size > static_cast<std::int64_t>(options.max_page_size)) {
        page.error = "page_size must be at most " + std::to_string(options.max_page_size);
    } else if (!only(page.slice.advertiser_id, "0123456789"))
        page.error = "advertiser_id must be a number";
    else if (!only(page.slice.date, "0123456789-"))
        page.error = "start_date must be a day";
}

}  // namespace

PageRequest read_page_request(const Options& options, const HttpRequest& request) {
    const Parameters parameters(request);
    PageRequest page;
    page.slice = {parameters.text({"/advertiser_id"}), parameters.text({"/start_date", "/date"})};
    page.number = read_number(options, parameters, {"/page_num", "/page/page_index", "/page", "/page_index"},
                              page.error);
    page.size = read_number(options, parameters, {"/page_size", "/page/page_size", "/limit"}, page.error);
    if (page.number < 0) page.offset = read_number(options, parameters, {"/offset"}, page.error);
    if (options.chain && page.number < 0 && page.offset < 0) {
        const auto* token = parameters.find({"/cursor", "/page/cursor"});
        const auto row =
            token == nullptr ? std::optional<std::uint64_t>(0) : row_of_token(options, token->text);
        page.refused_token = !row;
        page.offset = static_cast<std::int64_t>(row.value_or(0));
    }
    check(options, parameters, page);
    if (page.error.empty() && page.offset >= 0) {
        page.number = page.offset / static_cast<std::int64_t>(served_size(options, page)) + 1;
    }
    return page;
}

std::uint64_t served_size(const Options& options, const PageRequest& page) {
    const auto asked = page.size < 0 ? options.page_size : static_cast<std::uint64_t>(page.size);
    return options.cap_page_size == 0 ? asked : std::min(asked, options.cap_page_size);
}

std::uint64_t first_row(const Options& options, const PageRequest& page) {
    if (options.same_page) return 0;
    if (page.offset >= 0) return static_cast<std::uint64_t>(page.offset);
    return (static_cast<std::uint64_t>(page.number) - 1) * served_size(options, page);
}

}  // namespace mockapi
