#pragma once
// waas shares rotate and recover.
#include "client/lib/operator.h"
#include "command.h"

namespace waas::cli {

// Whom an operator means: "" everybody, 32 hex digits a user, an e-mail address, else a local service's name.
client::Whose parseWhose(const std::string& user);

// Adds the commands to the group `shares`.
void addShareRuns(CLI::App& group, Invocation& invocation);

}  // namespace waas::cli
