#include "policy-source.h"

#include "command.h"
#include "input.h"
#include "protocol/policy-bundle.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

std::string_view textOf(kj::ArrayPtr<const kj::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

CheckedPolicy check(std::string_view text) {
  CheckedPolicy out{policy::file::readPolicyFile(text), {}, std::nullopt};
  if (out.read.failed()) return out;
  out.warnings = policy::file::lint(out.read.file);
  out.compiled = policy::file::compile(out.read.file);
  if (!out.compiled) {
    out.read.remarks.push_back(
        {policy::file::Remark::Kind::ERROR, 0, "The compiled policy is larger than a bundle can hold (120 KiB)."});
    return out;
  }
  // The vault's own reader has the last word on what the compiler made.
  policy::Policy ignored;
  if (const char* wrong = policy::readPolicy(*out.compiled, ignored)) {
    out.read.remarks.push_back(
        {policy::file::Remark::Kind::ERROR, 0, std::string("The vault would not take it: ") + wrong + "."});
    out.compiled.reset();
  }
  return out;
}

}  // namespace

CheckedPolicy checkPolicyFile(const std::string& path) {
  auto bytes = readInput(path, policy::file::MAX_FILE_BYTES);
  return check(textOf(bytes));
}

std::string printRemark(const std::string& path, const policy::file::Remark& remark) {
  std::string where = remark.line == 0 ? path : path + ":" + std::to_string(remark.line);
  bool error = remark.kind == policy::file::Remark::Kind::ERROR;
  return where + (error ? ": error: " : ": warning: ") + remark.text;
}

policy::Policy readBundle(const std::string& name, Bytes bytes) {
  auto bundle = PolicyBundle::parse(bytes);
  policy::Policy policy;
  const char* wrong = bundle ? policy::readPolicy(bundle->body, policy) : "it is no bundle";
  if (wrong != nullptr) {
    throw CommandError(EXIT_FAILED, "policy_unreadable", "The policy " + name + " can't be read: " + wrong + ".");
  }
  policy.number = bundle->number;
  policy.notAfter = bundle->notAfter;
  return policy;
}

policy::Policy readPolicySource(const std::string& path) {
  auto bytes = readInput(path, policy::file::MAX_FILE_BYTES);
  if (textOf(bytes).starts_with(POLICY_DOMAIN)) return readBundle(path, bytesOf(bytes));
  CheckedPolicy checked = check(textOf(bytes));
  if (!checked.compiled) {
    throw CommandError(EXIT_FAILED, "policy_refused", printRemark(path, checked.read.remarks.front()));
  }
  policy::Policy policy;
  policy::readPolicy(*checked.compiled, policy);
  return policy;
}

}  // namespace waas::cli
