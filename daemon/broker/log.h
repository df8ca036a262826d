#pragma once
// The broker's log: one line an event to standard error, `time level code message key=value ...`.
//
// Codes are stable and unique (Bnnnn). Never logged: payloads, e-mail addresses, names of wallets, URLs, what a peer
// wrote, the text of a foreign exception. Values are numbers and literals of ours.
#include <cstdint>
#include <initializer_list>

#include <kj/exception.h>
#include <kj/string.h>

namespace waas::broker {

struct LogField {
  const char* key;
  int64_t value;
};

// Starts the log. Until then lines go nowhere. Opens nothing: standard error is open already.
void startLog(bool verbose);

// What KJ and Cap'n Proto would write themselves: their place in the source, never their text. While it lives; KJ wants
// it on the stack, so main holds one.
class QuietCallback final : public kj::ExceptionCallback {
 public:
  void logMessage(kj::LogSeverity severity, const char* file, int lineNumber, int contextDepth,
                  kj::String&& text) override;
  // Addresses in a trace help an attacker against address space randomisation.
  StackTraceMode stackTraceMode() override { return StackTraceMode::NONE; }
};

void logInfo(const char* code, const char* message, std::initializer_list<LogField> fields = {});
void logWarning(const char* code, const char* message, std::initializer_list<LogField> fields = {});
void logError(const char* code, const char* message, std::initializer_list<LogField> fields = {});
void logDebug(const char* code, const char* message, std::initializer_list<LogField> fields = {});

// An exception that nobody expected: file and line of where it was thrown, the kind, and the Fault's code if it has
// one; not its text, which may hold what a peer or a server sent.
void logFault(const char* code, const char* message, const kj::Exception& exception);

}  // namespace waas::broker
