// P9: a text is a policy file whose compiled form the vault takes, or an error is said.

#include "fuzz-check.h"
#include "policy/file/policy-file.h"

using namespace waas::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto read = file::readPolicyFile({reinterpret_cast<const char*>(data), size});
  if (read.failed()) return 0;
  file::lint(read.file);
  auto compiled = file::compile(read.file);
  if (!compiled) return 0;
  Policy policy;
  FUZZ_CHECK(readPolicy(*compiled, policy) == nullptr);
  FUZZ_CHECK(policy.rules.size() == read.file.rules.size());
  return 0;
}
