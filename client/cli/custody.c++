// waas custody: the recovery key among custodians. Operators split it and take parts; each custodian has a key of his
// own and a part, on paper or in a file.
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "connection.h"
#include "input.h"
#include "password-source.h"
#include "private-file.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();
constexpr int BASE64 = sodium_base64_VARIANT_ORIGINAL;
using Part = Secret<CUSTODY_PART_BYTES>;

struct CustodyOptions {
  std::string key, part, out, keyring;
  std::vector<std::string> custodians;
  unsigned threshold = 0;
};

PublicKey requireKey(const std::string& text) {
  PublicKey key{};
  size_t size = 0;
  if (sodium_base642bin(key.data(), key.size(), text.data(), text.size(), nullptr, &size, nullptr, BASE64) != 0 ||
      size != key.size()) {
    throw CommandError(EXIT_USAGE, "usage", "A custodian's key is 44 characters of base64: see `waas custody key`.");
  }
  return key;
}

VaultPublicKeys readVaultKeys(const std::string& path) {
  constexpr size_t LIMIT = 64 << 10;
  auto bytes = readInput(path, LIMIT);
  auto keys = VaultPublicKeys::parse(std::string_view(bytes.asChars().begin(), bytes.size()));
  if (!keys) throw CommandError(EXIT_FAILED, "vault_pub_malformed", "The file " + path + " is no vault.pub.");
  return *keys;
}

// A custodian's own key: base64 of its secret half.
kj::Own<client::BoxKey> readKey(const std::string& path) {
  auto text = readSecret(openInput(path).get(), path);
  auto chars = text.reveal(ACCESS);
  Secret<32> secret;
  size_t size = 0;
  if (sodium_base642bin(secret.fill(ACCESS).data(), 32, chars.begin(), chars.size(), " \r\n", &size, nullptr, BASE64) !=
          0 ||
      size != 32) {
    throw CommandError(EXIT_FAILED, "key_file_malformed", "The file " + path + " is no custodian's key.");
  }
  return kj::heap<client::BoxKey>(secret);
}

int makeKey(const CustodyOptions& options, Output& output) {
  client::BoxKey key;
  Secret<sodium_base64_ENCODED_LEN(32, BASE64) + 1> text;
  char* chars = reinterpret_cast<char*>(text.fill(ACCESS).data());
  sodium_bin2base64(chars, text.SIZE, key.secret().reveal(ACCESS).data(), 32, BASE64);
  chars[text.SIZE - 2] = '\n';
  writeNewFile(options.out, kj::arrayPtr(text.reveal(ACCESS).data(), text.SIZE - 1));
  output.result(Json{{"publicKey", base64(key.publicKey())}, {"file", options.out}}, [&](std::ostream& out) {
    out << "Your key is in " << options.out << ". Give the operator this public half:\n"
        << base64(key.publicKey()) << "\n";
  });
  return EXIT_DONE;
}

int split(Invocation& invocation, const CustodyOptions& options, Output& output) {
  kj::Vector<PublicKey> keys;
  for (auto& text : options.custodians) keys.add(requireKey(text));
  if (mkdir(options.out.c_str(), 0700) != 0) {
    throw CommandError(EXIT_FAILED, "file_unwritable",
                       "The folder " + options.out + " can't be made: " + strerror(errno) + ".");
  }
  Connection connection(invocation.globals, output);
  auto custody =
      connection.wait(connection.asOperator().splitRecoveryKey(static_cast<uint8_t>(options.threshold), keys));
  Json files = Json::array();
  for (size_t i = 0; i < custody.parts.size(); i++) {
    std::string path = options.out + "/part-" + std::to_string(i + 1);
    writeNewFile(path, custody.parts[i]);
    files.push_back(path);
  }
  output.result(Json{{"threshold", options.threshold}, {"parts", files}}, [&](std::ostream& out) {
    out << "Parts for " << custody.parts.size() << " custodians are in " << options.out
        << ", each sealed to one of them, in the order of --custodian.\n"
           "When each has opened his own (`waas custody open`), let the vault forget its half: `waas custody "
           "forget`.\n";
  });
  return EXIT_DONE;
}

int open(Invocation& invocation, const CustodyOptions& options, Output& output) {
  auto keys = readVaultKeys(invocation.globals.vaultPub);
  auto sealed = readInput(options.part, SEALED_PART_BYTES + 1);
  Part part;
  readKey(options.key)->openPart(sealed, keys.answers, part);
  writeSecret(options.out, client::writePart(part));
  if (options.out == "-") return EXIT_DONE;
  auto number = part.reveal(ACCESS)[CustodyPartLayout::NUMBER],
       needed = part.reveal(ACCESS)[CustodyPartLayout::THRESHOLD];
  output.result(Json{{"number", number}, {"threshold", needed}}, [&](std::ostream& out) {
    out << "Part " << int(number) << " is in " << options.out << "; " << int(needed) << " are needed.\n";
  });
  return EXIT_DONE;
}

void readPart(const CustodyOptions& options, const VaultPublicKeys& keys, Part& part) {
  if (!options.key.empty()) {
    readKey(options.key)->openPart(readInput(options.part, SEALED_PART_BYTES + 1), keys.answers, part);
  } else if (!client::parsePart(readHidden(options.part, "Part: "), part)) {
    throw CommandError(EXIT_USAGE, "usage", "That is no custodian's part: 128 characters of base64.");
  }
}

int give(Invocation& invocation, const CustodyOptions& options, Output& output) {
  Connection connection(invocation.globals, output);
  auto& asOperator = connection.asOperator();
  for (;;) {
    Part part;
    readPart(options, connection.vaultKeys(), part);
    auto custody = connection.wait(asOperator.giveCustodyPart(part));
    bool more = options.part.empty() && !custody.held;
    if (more) {
      output.note("Part " + std::to_string(custody.given) + " of " + std::to_string(custody.threshold) +
                  ". The next custodian, please.");
      continue;
    }
    output.result(Json{{"held", custody.held}, {"given", custody.given}, {"threshold", custody.threshold}},
                  [&](std::ostream& out) {
                    if (custody.held) {
                      out << "The vault holds the recovery key, for an hour at most. `waas shares recover`, then\n"
                             "`waas custody forget`.\n";
                    } else {
                      out << "Part " << int(custody.given) << " of " << int(custody.threshold) << ".\n";
                    }
                  });
    return EXIT_DONE;
  }
}

int forget(Invocation& invocation, const CustodyOptions& options, Output& output) {
  Connection connection(invocation.globals, output);
  auto custody = connection.wait(connection.asOperator().forgetRecoveryKey());
  bool own = custody.keyring.size() > 0;
  if (own) replaceFile(options.keyring, custody.keyring);
  output.result(Json{{"held", custody.held}, {"keyring", own ? options.keyring : ""}}, [&](std::ostream& out) {
    out << "The vault does not hold the recovery key.\n";
    if (own) out << "The keyring without it is in " << options.keyring << ": install it on every other host.\n";
  });
  return EXIT_DONE;
}

}  // namespace

void addCustody(CLI::App& app, Invocation& invocation) {
  auto* group = addGroup(app, "custody", "The recovery key among custodians");
  auto options = std::make_shared<CustodyOptions>();

  auto* making = addCommand(*group, invocation, "key", "Make a custodian's key; for custodians",
                            [options](Output& output) { return makeKey(*options, output); });
  making->add_option("--out", options->out, "File that is made, mode 0600")->required();

  auto* splitting = addCommand(*group, invocation, "split", "Split the recovery key; for operators",
                               [&invocation, options](Output& output) { return split(invocation, *options, output); });
  splitting->add_option("--threshold", options->threshold, "How many custodians it takes")
      ->check(CLI::Range(2u, unsigned{MAX_CUSTODIANS}))
      ->required();
  splitting->add_option("--custodian", options->custodians, "A custodian's public key; once for each")->required();
  splitting->add_option("--out", options->out, "Folder that is made, for the sealed parts")->required();

  auto* opening = addCommand(*group, invocation, "open", "Open a part that was sealed to you; for custodians",
                             [&invocation, options](Output& output) { return open(invocation, *options, output); });
  opening->add_option("part", options->part, "File with the sealed part")->required();
  opening->add_option("--key", options->key, "File with your key")->required();
  opening->add_option("--out", options->out, "File that is made, mode 0600; - is standard output")->required();

  auto* giving =
      addCommand(*group, invocation, "give", "Give custodians' parts to the vault, at prompts; for operators",
                 [&invocation, options](Output& output) { return give(invocation, *options, output); });
  auto* file = giving->add_option("--part", options->part, "One part from a file; - is standard input");
  giving->add_option("--key", options->key, "The part in the file is sealed to this key")->needs(file);

  auto* forgetting =
      addCommand(*group, invocation, "forget", "Let the vault forget the recovery key; for operators",
                 [&invocation, options](Output& output) { return forget(invocation, *options, output); });
  forgetting
      ->add_option("--keyring", options->keyring, "This host's keyring file, replaced when its half goes for good")
      ->required();
}

}  // namespace waas::cli
