#pragma once
// The one canonical form of an e-mail address as an account's name.
#include <string>
#include <string_view>

namespace waas {

// The longest address that is accepted (RFC 5321 4.5.3.1.3, less the angle brackets).
constexpr size_t MAX_EMAIL_BYTES = 254;

// True when `email` is in canonical form: 3..254 bytes, printable ASCII without space, upper case, quotes, commas,
// angle or round brackets, backslash, colon or semicolon; exactly one '@', something on both sides of it, a dot-free
// end on neither side of the domain.
bool isCanonicalEmail(std::string_view email);

// Trims blanks around the address and lowers ASCII letters. The result may still not be canonical; check it.
std::string canonicalEmail(std::string_view typed);

}  // namespace waas
