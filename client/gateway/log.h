#pragma once
// The gateway's log: one line an event to standard error, `time level code message key=value ...`.
//
// Codes are stable and unique (Gnnnn). Never logged: what a client wrote (paths, headers, bodies, names, addresses of
// e-mail, keys of idempotency), tokens, texts of foreign exceptions. An access line (G1000) has the route's pattern,
// not the path; who it was is the user id, where from the network address.
#include <kj/exception.h>
#include <kj/string.h>

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace waas::gateway {

struct LogField {
  const char* key;
  int64_t value;
};

void startLog(bool verbose);

// What KJ and Cap'n Proto would write themselves: their place in the source, never their text.
class QuietCallback final : public kj::ExceptionCallback {
 public:
  void logMessage(kj::LogSeverity severity, const char* file, int lineNumber, int contextDepth,
                  kj::String&& text) override;
  StackTraceMode stackTraceMode() override { return StackTraceMode::NONE; }
};

void logInfo(const char* code, const char* message, std::initializer_list<LogField> fields = {});
void logWarning(const char* code, const char* message, std::initializer_list<LogField> fields = {});
void logError(const char* code, const char* message, std::initializer_list<LogField> fields = {});

// An exception that nobody expected: where it was thrown, not its text.
void logFault(const char* code, const char* message, const kj::Exception& exception);

// One request that was answered.
struct Access {
  std::string_view requestId, method, route, address, user, problem;
  unsigned status = 0;
  uint64_t microseconds = 0;
  size_t bytesIn = 0, bytesOut = 0;
};
void logAccess(const Access& access);

}  // namespace waas::gateway
