#pragma once
// Policies as commands are given them: a TOML file, or a bundle.
#include <optional>
#include <string>
#include <vector>

#include "policy/file/policy-file.h"
#include "policy/policy.h"
#include "protocol/bytes.h"

namespace waas::cli {

// A policy file that was read and looked at.
struct CheckedPolicy {
  policy::file::FileRead read;
  policy::file::Remarks warnings;
  std::optional<std::vector<uint8_t>> compiled;  // nothing after an error, or when it is too large
};

// Reads and checks a TOML file. Throws CommandError when the file can't be read.
CheckedPolicy checkPolicyFile(const std::string& path);

// "policy.toml:12: error: …", a line an entry.
std::string printRemark(const std::string& path, const policy::file::Remark& remark);

// A policy to explain with. A bundle's signature is not checked: nothing is decided by it.
policy::Policy readPolicySource(const std::string& path);

// The policy in a bundle's bytes. Throws CommandError.
policy::Policy readBundle(const std::string& name, Bytes bundle);

}  // namespace waas::cli
