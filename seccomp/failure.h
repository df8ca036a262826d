#pragma once
// Why a layer of the sandbox could not be put up: one sentence for people.
#include <cstdarg>
#include <cstdio>
#include <optional>

namespace waas::seccomp {

// A sentence in a fixed place, so that reporting a failure asks nobody for memory. It never holds a secret: what goes
// into it are names of system calls, paths from the configuration, and texts of errno.
struct Failure {
  char sentence[240];
};

// What each step returns: nothing when it worked. Every caller treats a Failure as the end of the process.
using Outcome = std::optional<Failure>;

// Makes a Failure as printf would; too long a sentence is cut.
[[gnu::format(printf, 1, 2)]] inline Failure failure(const char* format, ...) {
  Failure result{};
  va_list arguments;
  va_start(arguments, format);
  // The attribute above checks every format that reaches this line.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  vsnprintf(result.sentence, sizeof result.sentence, format, arguments);
#pragma GCC diagnostic pop
  va_end(arguments);
  return result;
}

}  // namespace waas::seccomp
