// waas policy: check, sign, load and show what the vault decides by.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <memory>

#include "connection.h"
#include "input.h"
#include "policy-explain.h"
#include "policy-key.h"
#include "policy-source.h"
#include "policy/file/describe.h"
#include "policy/file/quantity.h"
#include "protocol/policy-bundle.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

using policy::file::Remark;

Json remarksJson(const policy::file::Remarks& remarks) {
  Json list = Json::array();
  for (const Remark& remark : remarks) list.push_back({{"line", remark.line}, {"text", remark.text}});
  return list;
}

struct CheckOptions {
  std::string file;
  bool strict = false;
};

int check(const CheckOptions& options, Output& output) {
  CheckedPolicy checked = checkPolicyFile(options.file);
  auto& errors = checked.read.remarks;
  bool good = errors.empty() && (!options.strict || checked.warnings.empty());
  Json value = {{"good", good},
                {"name", checked.read.file.name},
                {"rules", checked.read.file.rules.size()},
                {"limits", checked.read.file.limits.size()},
                {"bytes", checked.compiled ? checked.compiled->size() : 0},
                {"errors", remarksJson(errors)},
                {"warnings", remarksJson(checked.warnings)}};
  output.result(value, [&](std::ostream& out) {
    for (auto* list : {&errors, &checked.warnings}) {
      for (const Remark& remark : *list) out << printRemark(options.file, remark) << "\n";
    }
    out << options.file << ": " << checked.read.file.rules.size() << " rules, " << errors.size() << " errors, "
        << checked.warnings.size() << " warnings\n";
  });
  return good ? EXIT_DONE : EXIT_FAILED;
}

int makeKey(const std::string& path, Output& output) {
  PublicKey key = PolicyKey::make(path);
  output.result({{"file", path}, {"publicKey", hex(key)}}, [&](std::ostream& out) { out << hex(key) << "\n"; });
  output.note("The vault's settings take it as: policy_key " + hex(key));
  return EXIT_DONE;
}

struct SignOptions {
  std::string file, key, notAfter = "365 days", out;
  uint64_t number = 0;
};

// A length of time from now on, or a day, or a moment in UTC.
uint64_t parseMoment(const std::string& text) {
  if (auto life = policy::file::parseDuration(text)) return nowUnixMs() + *life;
  for (const char* form : {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"}) {
    std::tm moment{};
    const char* end = strptime(text.c_str(), form, &moment);
    time_t seconds = end != nullptr && *end == '\0' ? timegm(&moment) : -1;
    if (seconds > 0) return static_cast<uint64_t>(seconds) * 1000;
  }
  throw CommandError(EXIT_USAGE, "usage", "A date is 2027-01-31 or 2027-01-31T12:00:00Z or, from now on, \"90 days\".");
}

void writeNew(const std::string& path, Bytes bytes) {
  kj::AutoCloseFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  for (Bytes rest = bytes; fd.get() >= 0 && !rest.empty();) {
    ssize_t n = write(fd.get(), rest.data(), rest.size());
    if (n <= 0) break;
    rest = rest.subspan(static_cast<size_t>(n));
    if (rest.empty()) return;
  }
  throw CommandError(EXIT_FAILED, "file_unwritable", "The file " + path + " can't be written.");
}

int signPolicy(const SignOptions& options, Output& output) {
  CheckedPolicy checked = checkPolicyFile(options.file);
  for (const Remark& warning : checked.warnings) output.note(printRemark(options.file, warning));
  if (!checked.compiled) {
    std::string all;
    for (const Remark& remark : checked.read.remarks)
      all += (all.empty() ? "" : "\n") + printRemark(options.file, remark);
    throw CommandError(EXIT_FAILED, "policy_refused", all);
  }
  uint64_t notAfter = parseMoment(options.notAfter);
  if (notAfter <= nowUnixMs()) throw CommandError(EXIT_USAGE, "usage", "The policy would be out of date at once.");
  PolicyKey key(options.key);
  auto bundle = policyBundleToSign(options.number, notAfter, *checked.compiled).value();
  Signature signature = key.sign(bundle);
  bundle.insert(bundle.end(), signature.begin(), signature.end());
  writeNew(options.out, bundle);
  Json value = {{"bundle", options.out},
                {"number", options.number},
                {"notAfter", notAfter},
                {"bytes", bundle.size()},
                {"publicKey", hex(key.publicKey())}};
  output.result(value, [&](std::ostream& out) {
    out << options.out << ": policy " << options.number << ", good until " << utc(notAfter) << ", signed by "
        << hex(key.publicKey()) << "\n";
  });
  return EXIT_DONE;
}

// The vault's start credential: no start takes an older policy from now on.
void raiseFloor(const std::string& path, uint64_t number) {
  std::string text = std::to_string(number) + "\n", made = path + ".new";
  writeNew(made, asBytes(text.data(), text.size()));
  if (rename(made.c_str(), path.c_str()) != 0) {
    throw CommandError(EXIT_FAILED, "file_unwritable",
                       "The policy is loaded, but the floor " + path + " can't be written.");
  }
}

struct LoadOptions {
  std::string bundle, floor;
};

int load(Invocation& invocation, const LoadOptions& options, Output& output) {
  const std::string& path = options.bundle;
  auto bundle = readInput(path, MAX_POLICY_BUNDLE_BYTES);
  Connection connection(invocation.globals, output);
  auto loaded = connection.wait(connection.asOperator().loadPolicy(bundle));
  if (!options.floor.empty()) raiseFloor(options.floor, loaded.number);
  output.result({{"number", loaded.number}, {"notAfter", loaded.notAfter}}, [&](std::ostream& out) {
    out << "The vault decides by policy " << loaded.number << " now, until " << utc(loaded.notAfter) << ".\n";
  });
  return EXIT_DONE;
}

struct ShowOptions {
  std::string file;  // a bundle or a policy file instead of the daemon's
  std::string out;   // where to keep the bundle
};

Json policyJson(const policy::Policy& policy) {
  policy::file::Describer describe(policy);
  Json rules = Json::array(), limits = Json::array();
  for (const policy::Rule& rule : policy.rules) {
    Json says = Json::object();
    for (const std::string& line : describe.rule(rule)) {
      auto colon = line.find(": ");
      says[line.substr(0, colon)] = line.substr(colon + 2);
    }
    rules.push_back({{"name", policy.textOf(rule.name)},
                     {"effect", rule.effect == policy::RuleEffect::ALLOW ? "allow" : "deny"},
                     {"says", says}});
  }
  for (const policy::Limit& limit : policy.limits) limits.push_back(describe.limit(limit));
  return {{"number", policy.number},
          {"notAfter", policy.notAfter},
          {"name", policy.textOf(policy.name)},
          {"rules", rules},
          {"limits", limits}};
}

void printPolicy(std::ostream& out, const policy::Policy& policy) {
  policy::file::Describer describe(policy);
  out << "policy " << policy.number << " \"" << policy.textOf(policy.name) << "\"";
  out << (policy.notAfter == 0 ? "" : ", good until " + utc(policy.notAfter)) << "\n";
  for (const policy::Limit& limit : policy.limits) out << "\nlimit " << describe.limit(limit) << "\n";
  for (const policy::Rule& rule : policy.rules) {
    out << "\n" << (rule.effect == policy::RuleEffect::ALLOW ? "allow " : "deny ") << policy.textOf(rule.name) << "\n";
    for (const std::string& line : describe.rule(rule)) out << "  " << line << "\n";
  }
}

int show(Invocation& invocation, const ShowOptions& options, Output& output) {
  policy::Policy policy;
  if (!options.file.empty()) {
    policy = readPolicySource(options.file);
  } else {
    Connection connection(invocation.globals, output);
    auto inForce = connection.wait(connection.asOperator().policy());
    if (inForce.number == 0) {
      output.result({{"number", 0}}, [](std::ostream& out) { out << "No policy is loaded.\n"; });
      return EXIT_FAILED;
    }
    policy = readBundle("in force", bytesOf(inForce.bundle));
    if (!options.out.empty()) writeNew(options.out, bytesOf(inForce.bundle));
  }
  output.result(policyJson(policy), [&](std::ostream& out) { printPolicy(out, policy); });
  return EXIT_DONE;
}

void addSigning(CLI::App& group, Invocation& invocation) {
  auto path = std::make_shared<std::string>();
  auto* key = addCommand(group, invocation, "key", "Make a policy key and print its public half, in hex",
                         [path](Output& output) { return makeKey(*path, output); });
  key->add_option("file", *path, "File to make, mode 0400: keep it away from the signer's machine")->required();

  auto options = std::make_shared<SignOptions>();
  auto* signing = addCommand(group, invocation, "sign", "Compile a policy file and sign it: makes a bundle",
                             [options](Output& output) { return signPolicy(*options, output); });
  signing->add_option("file", options->file, "Policy file (TOML)")->required();
  signing->add_option("--key", options->key, "File with the policy key")->required();
  signing->add_option("--number", options->number, "The policy's number, above that of the one in force")
      ->required()
      ->check(CLI::Range(uint64_t{1}, uint64_t{UINT32_MAX}));
  signing->add_option("--not-after", options->notAfter, "Nothing is allowed by it after this: a date or \"90 days\"")
      ->capture_default_str();
  signing->add_option("-o,--out", options->out, "Where the bundle goes")->required();
}

}  // namespace

void addPolicy(CLI::App& app, Invocation& invocation) {
  auto* group = addGroup(app, "policy", "What the vault decides by");

  auto checking = std::make_shared<CheckOptions>();
  auto* check = addCommand(*group, invocation, "check", "Check a policy file: errors, and what is hardly meant",
                           [checking](Output& output) { return cli::check(*checking, output); });
  check->add_option("file", checking->file, "Policy file (TOML); - for standard input")->required();
  check->add_flag("--strict", checking->strict, "Take warnings for errors");

  addSigning(*group, invocation);

  auto options = std::make_shared<LoadOptions>();
  auto* loading =
      addCommand(*group, invocation, "load", "Have the vault decide by this bundle from now on; for operators",
                 [&invocation, options](Output& output) { return load(invocation, *options, output); });
  loading->add_option("bundle", options->bundle, "Bundle of `waas policy sign`")->required();
  loading->add_option(
      "--floor", options->floor,
      "File to put its number into: the vault's credential policy_floor, so that no start takes an older one");

  auto showing = std::make_shared<ShowOptions>();
  auto* shown = addCommand(*group, invocation, "show", "Show the policy in force (for operators), or one of a file",
                           [&invocation, showing](Output& output) { return show(invocation, *showing, output); });
  auto* file = shown->add_option("file", showing->file, "Bundle or policy file to show instead");
  shown->add_option("-o,--out", showing->out, "Keep the bundle in force in this file")->excludes(file);

  addPolicyExplain(*group, invocation);
}

}  // namespace waas::cli
