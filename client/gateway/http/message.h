#pragma once
// A request and its answer, as the rest of the gateway sees them.
#include <kj/array.h>
#include <kj/string.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/lib/error.h"

namespace waas::gateway {

using client::ErrorCode;

// Why a request is refused before anything has looked at its meaning.
struct Refusal {
  ErrorCode code = ErrorCode::UNKNOWN;
  const char* detail = "";  // a literal of ours
};

// The head of a request: views into text that somebody else holds.
struct Head {
  std::string_view method;
  std::string_view path;   // begins with '/', letters, digits and "-_.~/" only, no empty, "." or ".." segment
  std::string_view query;  // without '?', still encoded
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // names in lower case
  uint64_t contentLength = 0;
  bool hasLength = false;
  bool keepAlive = true;
  bool expectsContinue = false;

  // The value of a header, or an empty one. A header that may come once only has come once (request-head.h).
  std::string_view header(std::string_view lowerName) const {
    for (auto& [name, value] : headers) {
      if (name == lowerName) return value;
    }
    return {};
  }
  bool has(std::string_view lowerName) const {
    for (auto& [name, value] : headers) {
      if (name == lowerName) return true;
    }
    return false;
  }
};

// Where a request came from.
struct Peer {
  std::string address;  // of IPv6 the first 64 bits; "unix" for a Unix socket
  bool local = false;   // Unix socket or loopback
  bool tls = false;
};

// A request that has arrived whole. A resource: Head looks into `text`.
struct Request {
  Request() = default;
  KJ_DISALLOW_COPY(Request);

  kj::Array<char> text;  // of the head
  Head head;
  kj::Array<char> body;
  const Peer* peer = nullptr;  // lives as long as the connection

  std::string_view bodyText() const { return std::string_view(body.begin(), body.size()); }
};

// An answer. A value.
struct Response {
  unsigned status = 200;
  std::string contentType = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>>
      headers;  // names and values of ours, or checked by whoever adds them
  bool close = false;

  void add(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
};

}  // namespace waas::gateway
