#pragma once
// waas policy explain: what a policy says to a request, rule by rule.
#include "command.h"

namespace waas::cli {

void addPolicyExplain(CLI::App& group, Invocation& invocation);

}  // namespace waas::cli
