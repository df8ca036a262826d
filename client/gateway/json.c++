#include "json.h"

#include <sodium.h>

#include <ctime>

#include "client/lib/error.h"
#include "limits.h"

namespace waas::gateway {
namespace {

using client::ErrorCode;

[[noreturn]] void refuse(const std::string& detail) {
  kj::throwFatalException(client::makeFailure(ErrorCode::INVALID_REQUEST, detail.c_str()));
  KJ_UNREACHABLE;
}

// Builds the value from the parser's events. Returning false ends the parse.
class StrictReader final : public nlohmann::json_sax<Json> {
 public:
  Json root;
  const char* problem = "the body is no JSON";

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(int64_t value) override { return put(value); }
  bool number_unsigned(uint64_t value) override { return put(value); }
  bool number_float(double, const std::string&) override { return stop("a number is no integer of 64 bits"); }
  bool string(std::string& value) override {
    if (value.find('\0') != std::string::npos) return stop("a zero byte in a text");
    return put(std::move(value));
  }
  bool binary(Json::binary_t&) override { return false; }
  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    if (stack.back()->contains(name)) return stop("a name comes twice");
    key_ = std::move(name);
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool stop(const char* why) {
    problem = why;
    return false;
  }

  Json* place(Json value) {
    if (stack.empty()) return &(root = std::move(value));
    Json& parent = *stack.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }

  bool put(Json value) {
    if (++values > limits::JSON_VALUES) return stop("too many values");
    place(std::move(value));
    return true;
  }

  bool open(Json empty) {
    if (++values > limits::JSON_VALUES) return stop("too many values");
    if (stack.size() >= limits::JSON_DEPTH) return stop("nested too deeply");
    stack.push_back(place(std::move(empty)));
    return true;
  }

  bool close() {
    stack.pop_back();
    return true;
  }

  // A parent does not grow while one of its children is open, so these stay where they are.
  std::vector<Json*> stack;
  std::string key_;
  size_t values = 0;
};

std::string named(const char* name, const char* what) { return std::string(name) + " " + what; }

}  // namespace

JsonBody::JsonBody(std::string_view text) : object(Json::object()) {
  if (text.empty()) return;
  StrictReader reader;
  if (!Json::sax_parse(text.begin(), text.end(), &reader)) refuse(reader.problem);
  if (!reader.root.is_object()) refuse("the body is no JSON object");
  object = std::move(reader.root);
}

Json JsonBody::take(const char* name) {
  auto found = object.find(name);
  if (found == object.end()) return nullptr;
  Json value = std::move(*found);
  object.erase(found);
  return value;
}

std::optional<std::string> JsonBody::text(const char* name, size_t maxBytes) {
  Json value = take(name);
  if (value.is_null()) return std::nullopt;
  if (!value.is_string()) refuse(named(name, "is no text"));
  auto& text = value.get_ref<std::string&>();
  if (text.size() > maxBytes) refuse(named(name, "is too long"));
  return std::move(text);
}

std::string JsonBody::requireText(const char* name, size_t maxBytes) {
  auto value = text(name, maxBytes);
  if (!value || value->empty()) refuse(named(name, "is missing"));
  return std::move(*value);
}

client::SecretText JsonBody::requireSecret(const char* name, size_t maxBytes) {
  auto value = requireText(name, maxBytes);
  client::SecretText secret;
  bool fits = secret.append(kj::arrayPtr(value.data(), value.size()));
  sodium_memzero(value.data(), value.size());
  if (!fits) refuse(named(name, "is too long"));
  return secret;
}

std::optional<bool> JsonBody::flag(const char* name) {
  Json value = take(name);
  if (value.is_null()) return std::nullopt;
  if (!value.is_boolean()) refuse(named(name, "is neither true nor false"));
  return value.get<bool>();
}

std::optional<uint64_t> JsonBody::number(const char* name, uint64_t max) {
  Json value = take(name);
  if (value.is_null()) return std::nullopt;
  if (!value.is_number_unsigned() || value.get<uint64_t>() > max) refuse(named(name, "is no number in range"));
  return value.get<uint64_t>();
}

std::optional<std::vector<JsonBody>> JsonBody::objects(const char* name, size_t maxItems) {
  Json value = take(name);
  if (value.is_null()) return std::nullopt;
  if (!value.is_array() || value.empty()) refuse(named(name, "is no list of objects"));
  if (value.size() > maxItems) refuse(named(name, "has too many items"));
  std::vector<JsonBody> items;
  for (auto& item : value) {
    if (!item.is_object()) refuse(named(name, "is no list of objects"));
    JsonBody body;
    body.object = std::move(item);
    items.push_back(std::move(body));
  }
  return items;
}

void JsonBody::finish() const {
  if (!object.empty()) refuse("there is a field that this call does not have");
}

std::optional<std::vector<uint8_t>> parseBase64(std::string_view text) {
  constexpr int VARIANT = sodium_base64_VARIANT_ORIGINAL;
  if (text.size() % 4 != 0 || text.find('\0') != text.npos) return std::nullopt;
  std::vector<uint8_t> bytes(text.size() / 4 * 3 + 1);
  size_t size = 0;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, nullptr, VARIANT) != 0) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

std::string base64(std::span<const uint8_t> bytes) {
  constexpr int VARIANT = sodium_base64_VARIANT_ORIGINAL;
  std::string text(sodium_base64_encoded_len(bytes.size(), VARIANT), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), VARIANT);
  text.pop_back();
  return text;
}

std::string hex(std::span<const uint8_t> bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

Json timeText(uint64_t unixMs) {
  if (unixMs == 0) return nullptr;
  time_t seconds = static_cast<time_t>(unixMs / 1000);
  tm parts{};
  char text[40];
  if (gmtime_r(&seconds, &parts) == nullptr) return nullptr;
  size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text + length, sizeof text - length, ".%03uZ", static_cast<unsigned>(unixMs % 1000));
  return std::string(text);
}

}  // namespace waas::gateway
