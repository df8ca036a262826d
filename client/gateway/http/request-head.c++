#include "request-head.h"

#include <algorithm>

#include "../limits.h"

namespace waas::gateway {
namespace {

constexpr Refusal malformed(const char* detail) { return {ErrorCode::INVALID_REQUEST, detail}; }

bool isAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool isTokenChar(char c) { return isAlnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos; }
bool isPathChar(char c) { return isAlnum(c) || c == '-' || c == '_' || c == '.' || c == '~' || c == '/'; }
bool isQueryChar(char c) {
  return isPathChar(c) || std::string_view("%=&+!$'()*,;:@?").find(c) != std::string_view::npos;
}
bool isValueChar(char c) { return c == '\t' || static_cast<unsigned char>(c) >= 0x80 || (c >= ' ' && c <= '~'); }
bool isHostChar(char c) { return isAlnum(c) || c == '-' || c == '.' || c == ':' || c == '[' || c == ']' || c == '_'; }

// These say who asks, or where a message ends: two of them would be two answers.
constexpr std::string_view SINGLE[] = {"host",           "content-length",  "content-type",    "authorization",
                                       "x-vault-token",  "cookie",          "idempotency-key", "origin",
                                       "expect",         "x-forwarded-for", "accept",          "connection",
                                       "x-vault-request"};

std::optional<Refusal> readTarget(std::string_view target, Head& head) {
  size_t question = target.find('?');
  head.path = target.substr(0, question);
  if (question != std::string_view::npos) head.query = target.substr(question + 1);
  if (head.path.empty() || head.path[0] != '/') return malformed("the target is no path");
  if (head.path.size() > limits::PATH_BYTES || head.query.size() > limits::QUERY_BYTES) {
    return Refusal{ErrorCode::HEADERS_TOO_LARGE, "the target is too long"};
  }
  if (!std::all_of(head.path.begin(), head.path.end(), isPathChar)) return malformed("a character in the path");
  if (!std::all_of(head.query.begin(), head.query.end(), isQueryChar)) return malformed("a character in the query");
  for (size_t at = 0; at < head.path.size() && head.path != "/";) {
    size_t end = std::min(head.path.find('/', at + 1), head.path.size());
    auto segment = head.path.substr(at + 1, end - at - 1);
    if (segment.empty() || segment == "." || segment == "..") return malformed("a segment of the path");
    at = end;
  }
  return std::nullopt;
}

std::optional<Refusal> readRequestLine(std::string_view line, Head& head) {
  size_t first = line.find(' ');
  size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return malformed("the request line");
  head.method = line.substr(0, first);
  if (head.method.empty() || head.method.size() > 16 ||
      !std::all_of(head.method.begin(), head.method.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return malformed("the method");
  }
  if (line.substr(last + 1) != "HTTP/1.1") return malformed("only HTTP/1.1 is spoken here");
  return readTarget(line.substr(first + 1, last - first - 1), head);
}

std::string_view trimmed(std::string_view value) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

std::optional<Refusal> readHeader(std::span<char> line, Head& head) {
  std::string_view text(line.data(), line.size());
  size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return malformed("a header without a name");
  if (!std::all_of(text.begin(), text.begin() + colon, isTokenChar)) return malformed("the name of a header");
  auto value = trimmed(text.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), isValueChar)) return malformed("the value of a header");
  for (size_t i = 0; i < colon; i++) {
    if (line[i] >= 'A' && line[i] <= 'Z') line[i] = static_cast<char>(line[i] - 'A' + 'a');
  }
  auto name = text.substr(0, colon);
  if (std::find(std::begin(SINGLE), std::end(SINGLE), name) != std::end(SINGLE) && head.has(name)) {
    return malformed("a header that may come once came twice");
  }
  if (head.headers.size() >= limits::HEADERS) return Refusal{ErrorCode::HEADERS_TOO_LARGE, "too many headers"};
  head.headers.emplace_back(name, value);
  return std::nullopt;
}

std::optional<Refusal> readLength(Head& head) {
  if (head.has("transfer-encoding")) return Refusal{ErrorCode::LENGTH_REQUIRED, "Transfer-Encoding is not taken"};
  if (!head.has("content-length")) return std::nullopt;
  auto digits = head.header("content-length");
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return malformed("Content-Length is no number");
  }
  if (digits.size() > 1 && digits[0] == '0') return malformed("Content-Length has zeros in front");
  if (digits.size() > 15) return Refusal{ErrorCode::TOO_LARGE, "the body"};
  for (char c : digits) head.contentLength = head.contentLength * 10 + static_cast<uint64_t>(c - '0');
  head.hasLength = true;
  return std::nullopt;
}

bool equalsIgnoringCase(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

std::optional<Refusal> readMeaning(Head& head) {
  auto host = head.header("host");
  if (host.empty() || host.size() > 255 || !std::all_of(host.begin(), host.end(), isHostChar)) {
    return malformed("Host is missing or malformed");
  }
  if (auto refused = readLength(head)) return refused;
  auto connection = head.header("connection");
  if (equalsIgnoringCase(connection, "close")) head.keepAlive = false;
  auto expect = head.header("expect");
  if (!expect.empty()) {
    if (!equalsIgnoringCase(expect, "100-continue")) return malformed("Expect");
    head.expectsContinue = true;
  }
  if (head.has("upgrade")) {
    // A client that offers another protocol goes on with this one.
    head.keepAlive = false;
  }
  return std::nullopt;
}

int hexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      int high = i + 2 < text.size() ? hexValue(text[i + 1]) : -1;
      int low = i + 2 < text.size() ? hexValue(text[i + 2]) : -1;
      if (high < 0 || low < 0) throw malformed("a percent sign in the query");
      char c = static_cast<char>(high * 16 + low);
      if (c == '\0') throw malformed("a zero byte in the query");
      out += c;
      i += 2;
    }
  }
  return out;
}

}  // namespace

std::variant<size_t, Refusal> findHeadEnd(std::string_view arrived) {
  for (size_t at = arrived.find('\n'); at != std::string_view::npos; at = arrived.find('\n', at + 1)) {
    if (at == 0 || arrived[at - 1] != '\r') return malformed("a line ends without a carriage return");
    if (at == 1) return malformed("an empty line before the request");
    if (at >= 3 && arrived[at - 2] == '\n') return at + 1;
  }
  if (arrived.size() >= limits::HEAD_BYTES) return Refusal{ErrorCode::HEADERS_TOO_LARGE, ""};
  return size_t(0);
}

std::variant<Head, Refusal> parseHead(std::span<char> text) {
  if (text.size() > limits::HEAD_BYTES) return Refusal{ErrorCode::HEADERS_TOO_LARGE, ""};
  Head head;
  head.headers.reserve(12);
  std::string_view rest(text.data(), text.size());
  bool first = true;
  while (true) {
    size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) return malformed("the head has no end");
    auto line = rest.substr(0, end);
    if (line.find_first_of("\r\n") != std::string_view::npos) return malformed("a line end within a line");
    size_t begin = static_cast<size_t>(rest.data() - text.data());
    rest.remove_prefix(end + 2);
    if (line.empty()) break;
    auto refused = first ? readRequestLine(line, head) : readHeader(text.subspan(begin, end), head);
    if (refused) return *refused;
    first = false;
  }
  if (first || !rest.empty()) return malformed("the head has no end");
  if (auto refused = readMeaning(head)) return *refused;
  return head;
}

std::optional<std::string> queryParameter(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  while (!query.empty()) {
    auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    size_t equals = part.find('=');
    if (decoded(part.substr(0, equals)) != name) continue;
    if (found) throw malformed("a query parameter came twice");
    found = equals == std::string_view::npos ? std::string() : decoded(part.substr(equals + 1));
  }
  return found;
}

const char* reasonPhrase(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Answer";
  }
}

}  // namespace waas::gateway
