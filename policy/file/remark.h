#pragma once
// What is to be said about a policy file.

#include <string>
#include <vector>

namespace waas::policy::file {

struct Remark {
  enum class Kind { ERROR, WARNING };
  Kind kind = Kind::ERROR;
  unsigned line = 0;  // counted from 1; 0 = about the file as a whole
  std::string text;   // one sentence

  bool operator==(const Remark&) const = default;
};

/// Remarks in the order of their lines.
using Remarks = std::vector<Remark>;

}  // namespace waas::policy::file
