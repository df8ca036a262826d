#include "email.h"

#include <algorithm>

namespace waas {
namespace {

bool allowed(char c) {
  if (c <= ' ' || c > '~' || (c >= 'A' && c <= 'Z')) return false;
  return std::string_view("\"'(),:;<>[\\]`").find(c) == std::string_view::npos;
}

}  // namespace

bool isCanonicalEmail(std::string_view email) {
  if (email.size() < 3 || email.size() > MAX_EMAIL_BYTES) return false;
  if (!std::all_of(email.begin(), email.end(), allowed)) return false;
  size_t at = email.find('@');
  if (at == std::string_view::npos || at == 0 || email.find('@', at + 1) != std::string_view::npos) return false;
  std::string_view domain = email.substr(at + 1);
  return !domain.empty() && domain.front() != '.' && domain.back() != '.';
}

std::string canonicalEmail(std::string_view typed) {
  constexpr std::string_view BLANKS = " \t\r\n";
  size_t first = typed.find_first_not_of(BLANKS);
  if (first == std::string_view::npos) return {};
  std::string out(typed.substr(first, typed.find_last_not_of(BLANKS) - first + 1));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace waas
