#pragma once
// Where a password comes from: a file, or the terminal without echo. Never the command line or the environment, which
// others can read.
#include <string>

#include "client/lib/secret-text.h"

namespace waas::cli {

enum class Asking { ONCE, TWICE };  // TWICE: a new password, which must be typed the same again

// Reads a password. From `file` ("-" is standard input) if that is not empty, without the line end at its end; else
// from the terminal of this process. Throws CommandError when there is neither, or when the two typed ones differ.
client::SecretText readPassword(const std::string& file, Asking asking);

// The same for another secret of one line, which is asked for by this prompt.
client::SecretText readHidden(const std::string& file, const char* prompt);

// Asks for a line that is no secret, on the terminal. Throws CommandError when there is none.
std::string askLine(const std::string& prompt);

}  // namespace waas::cli
