#include "core/error.h"

namespace pagehaul {

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::transient:
            return "transient";
        case ErrorKind::throttled:
            return "throttled";
        case ErrorKind::permanent:
            return "permanent";
        case ErrorKind::credential:
            return "credential";
        case ErrorKind::data:
            return "data";
        case ErrorKind::config:
            return "config";
        case ErrorKind::cancelled:
            return "cancelled";
        case ErrorKind::in_doubt:
            return "in_doubt";
        case ErrorKind::fenced:
            return "fenced";
        case ErrorKind::bug:
            return "bug";
    }
    return "bug";
}

std::string Error::text() const {
    return origin.empty() ? message : origin + ": " + message;
}

}  // namespace pagehaul
