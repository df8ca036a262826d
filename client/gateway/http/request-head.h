#pragma once
// Reads the head of an HTTP/1.1 request, strictly.
//
// There may be a proxy before us that reads the same bytes. Whatever two readers could understand differently is
// refused here, and the connection ends: bare line feeds, folded lines, blanks before a colon, lengths that are not
// plain digits or come twice, Transfer-Encoding of any kind, other versions, absolute targets, percent signs in a path.
#include <optional>
#include <span>
#include <variant>

#include "message.h"

namespace waas::gateway {

// Looks for the end of a head in what has arrived so far. Says where the body begins; 0 when more is needed. A line
// that ends without a carriage return is refused at once.
std::variant<size_t, Refusal> findHeadEnd(std::string_view arrived);

// Reads a head, whose last four characters are CR LF CR LF. Names of headers are made lower case in place.
std::variant<Head, Refusal> parseHead(std::span<char> text);

// The value of a parameter in a query, decoded; null when it is not there. Throws a Refusal when the query is malformed
// or has the parameter twice.
std::optional<std::string> queryParameter(std::string_view query, std::string_view name);

// The status line's words for a status.
const char* reasonPhrase(unsigned status);

}  // namespace waas::gateway
