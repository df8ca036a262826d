#pragma once
// Where a command's result goes: text for people, or one JSON value for programs (C4).
#include <functional>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "client/lib/error.h"
#include "protocol/bytes.h"

namespace waas::cli {

using Json = nlohmann::ordered_json;

class Output {
 public:
  Output(bool json, std::ostream& out, std::ostream& err) : json(json), out(out), err(err) {}

  bool isJson() const { return json; }

  // Prints the value, or calls `human`.
  void result(const Json& value, const std::function<void(std::ostream&)>& human);

  // Prints one sentence and its code to stderr: "waas: <sentence> (<code>)", or {"code", "message", …}.
  void error(const std::string& code, const std::string& sentence);
  void error(const std::string& code, const std::string& sentence, const client::Failure& failure);

  // A remark for people on stderr; nothing with --json.
  void note(const std::string& sentence);

  // A question or a prompt goes here.
  std::ostream& prompts() { return err; }

 private:
  bool json;
  std::ostream& out;
  std::ostream& err;
};

// The JSON form of a failure: code, message, and detail, retryAfter, share, retryable where there are any.
Json failureJson(const client::Failure& failure);

// A wallet's owner: {"kind": "user" or "service", "id"}.
Json ownerJson(const OwnerId& owner);

// Writes rows as columns of equal width; the first row is the heading.
void printTable(std::ostream& out, const std::vector<std::vector<std::string>>& rows);

}  // namespace waas::cli
