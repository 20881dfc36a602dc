#include "record/envelope.h"

#include <algorithm>

#include "core/error.h"
#include "record/unescape.h"

namespace pagehaul::record {
namespace {

Scalar::Type scalar_type(Kind kind) {
    switch (kind) {
        case Kind::absent:
            return Scalar::Type::missing;
        case Kind::null:
            return Scalar::Type::null;
        case Kind::boolean_true:
        case Kind::boolean_false:
            return Scalar::Type::boolean;
        case Kind::integer:
        case Kind::decimal:
        case Kind::exponent:
            return Scalar::Type::number;
        case Kind::string:
            return Scalar::Type::string;
        case Kind::object:
        case Kind::array:
            return Scalar::Type::container;
    }
    return Scalar::Type::missing;
}

}  // namespace

Envelope::Envelope(const std::string& records, const std::vector<std::string>& pointers) {
    const auto add = [this](const std::string& text, const char* origin) {
        auto steps = parse_pointer(text);
        if (!steps) {
            throw Failure(ErrorKind::config, origin,
                          "\"" + text + "\" is not a JSON pointer: expected \"\" or \"/name/...\"");
        }
        Target target{text, std::move(*steps), {}};
        for (const auto& step : target.steps)
            target.indexes.push_back(array_index(step));
        targets_.push_back(std::move(target));
    };
    for (const auto& pointer : pointers)
        add(pointer, "source");
    add(records, "source.records");
    Target& target = targets_.back();
    for (const auto& step : target.steps)
        target.wild.push_back(step == "*");
    if (std::find(target.wild.begin(), target.wild.end(), true) == target.wild.end()) target.wild.clear();
}

bool Envelope::read(JsonReader& reader, std::vector<Scalar>& scalars, RecordsTaker& taker, Extent extent) {
    reader_ = &reader;
    scalars_ = &scalars;
    taker_ = &taker;
    scalars.assign(targets_.size() - 1, Scalar{});
    ambiguous_.clear();
    active_.clear();
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        targets_[i].found = false;
        active_.push_back(i);
    }
    const std::uint32_t after = value(0, 0, {0, active_.size()});
    if (after == JsonReader::kFailed) return false;
    if (extent == Extent::whole && after != reader.count()) {
        reader.fail(after, "expected the end of the document");
        return false;
    }
    return true;
}

std::size_t Envelope::levels() const {
    const auto& wild = targets_.back().wild;
    return static_cast<std::size_t>(std::count(wild.begin(), wild.end(), true));
}

std::uint32_t Envelope::value(std::uint32_t token, int depth, Range range) {
    const auto steps = static_cast<std::size_t>(depth);
    const std::size_t records = targets_.size() - 1;
    bool deeper = false;
    bool is_records = false;
    for (std::size_t i = range.begin; i < range.end; ++i) {
        const std::size_t target = active_[i];
        if (targets_[target].steps.size() > steps) {
            deeper = true;
        } else if (!mark_found(target)) {
            return reader_->fail(token, "a key is given twice");
        } else if (target == records) {
            is_records = true;
        }
    }
    const char c = reader_->at(token);
    std::uint32_t after = JsonReader::kFailed;
    Slot slot;
    if (is_records) {
        after = taker_->records(token, depth);
        if (after == JsonReader::kFailed) return after;
        slot.kind = c == '{' ? Kind::object : Kind::array;
        // A pointer may lead into the records ("/list/0/id"): then they are walked once more.
        if (c != '{' && c != '[')
            after = reader_->value(token, slot, depth);
        else if (deeper)
            after = c == '{' ? members(token, depth, range) : elements(token, depth, range);
    } else if (deeper && (c == '{' || c == '[')) {
        after = c == '{' ? members(token, depth, range) : elements(token, depth, range);
        slot.kind = c == '{' ? Kind::object : Kind::array;
    } else {
        after = reader_->value(token, slot, depth);
        if (deeper && after != JsonReader::kFailed) note_no_elements(slot.kind, depth, range);
    }
    if (after == JsonReader::kFailed) return after;
    for (std::size_t i = range.begin; i < range.end; ++i) {
        if (targets_[active_[i]].steps.size() == steps && active_[i] != records) set_scalar(active_[i], slot);
    }
    return after;
}

std::uint32_t Envelope::members(std::uint32_t token, int depth, Range range) {
    const auto step = static_cast<std::size_t>(depth);
    ++token;
    if (reader_->at(token) == '}') return no_elements(token, step, range);
    for (bool closed = false; !closed;) {
        Slot slot;
        token = reader_->key(token, slot);
        if (token == JsonReader::kFailed) return token;
        std::string_view key = reader_->view(slot);
        std::string unescaped;
        if (reader_->has_escapes() && key.find('\\') != std::string_view::npos) {
            unescape(reader_->view(slot), unescaped);
            key = unescaped;
        }
        const std::size_t begin = active_.size();
        for (std::size_t i = range.begin; i < range.end; ++i) {
            const Target& target = targets_[active_[i]];
            if (target.steps.size() > step && (target.steps[step] == key || target.is_wild(step)))
                active_.push_back(active_[i]);
        }
        token = child(token, depth, begin);
        if (token == JsonReader::kFailed) return token;
        token = reader_->next(token, '}', closed);
    }
    return token;
}

std::uint32_t Envelope::elements(std::uint32_t token, int depth, Range range) {
    const auto step = static_cast<std::size_t>(depth);
    ++token;
    if (reader_->at(token) == ']') return no_elements(token, step, range);
    std::uint32_t index = 0;
    for (bool closed = false; !closed; ++index) {
        const std::size_t begin = active_.size();
        for (std::size_t i = range.begin; i < range.end; ++i) {
            const Target& target = targets_[active_[i]];
            if (target.steps.size() > step && (target.indexes[step] == index || target.is_wild(step)))
                active_.push_back(active_[i]);
        }
        token = child(token, depth, begin);
        if (token == JsonReader::kFailed) return token;
        token = reader_->next(token, ']', closed);
    }
    return token;
}

std::uint32_t Envelope::child(std::uint32_t token, int depth, std::size_t begin) {
    if (active_.size() == begin) {
        Slot unread;
        return reader_->value(token, unread, depth + 1);
    }
    const Target& last = targets_[active_.back()];
    if (!last.wild.empty() && last.is_wild(static_cast<std::size_t>(depth)))
        return wild_child(token, depth, begin);
    const std::uint32_t after = value(token, depth + 1, {begin, active_.size()});
    active_.resize(begin);
    return after;
}

std::uint32_t Envelope::wild_child(std::uint32_t token, int depth, std::size_t begin) {
    Target& records = targets_.back();
    const auto step = static_cast<std::ptrdiff_t>(depth);
    const auto level = std::count(records.wild.begin(), records.wild.begin() + step, true);
    if (taker_->element(static_cast<std::size_t>(level), token, depth + 1) == JsonReader::kFailed)
        return JsonReader::kFailed;
    records.found = false;
    const std::uint32_t after = value(token, depth + 1, {begin, active_.size()});
    active_.resize(begin);
    if (after != JsonReader::kFailed && !records.found) taker_->missing(Kind::absent);
    records.found = true;
    return after;
}

std::uint32_t Envelope::no_elements(std::uint32_t token, std::size_t step, Range range) {
    Target& records = targets_.back();
    for (std::size_t i = range.begin; i < range.end; ++i) {
        const bool is_records = active_[i] == targets_.size() - 1;
        if (is_records && records.steps.size() > step && records.is_wild(step)) records.found = true;
    }
    return token + 1;
}

void Envelope::note_no_elements(Kind kind, int depth, Range range) {
    const std::size_t records = targets_.size() - 1;
    const auto step = static_cast<std::size_t>(depth);
    for (std::size_t i = range.begin; i < range.end; ++i) {
        if (active_[i] != records || targets_[records].steps.size() <= step) continue;
        if (!targets_[records].is_wild(step)) continue;
        targets_[records].found = true;
        taker_->missing(kind);
    }
}

bool Envelope::mark_found(std::size_t target) {
    if (targets_[target].found) {
        ambiguous_ = targets_[target].text;
        return false;
    }
    targets_[target].found = true;
    return true;
}

void Envelope::set_scalar(std::size_t target, const Slot& slot) {
    Scalar& scalar = (*scalars_)[target];
    scalar.type = scalar_type(slot.kind);
    if (slot.kind == Kind::string) {
        unescape(reader_->view(slot), scalar.text);
    } else if (scalar.type == Scalar::Type::number || scalar.type == Scalar::Type::boolean) {
        scalar.text = reader_->view(slot);
    }
}

}  // namespace pagehaul::record
