#pragma once
// Names that the language knows by itself: programs, operations, actions.

#include <optional>
#include <string_view>

#include "policy/operation.h"
#include "policy/request.h"

namespace waas::policy::file {

/// The address of a program that is understood, by its name: "system", "token", "jupiter", ...
std::optional<Address> programNamed(std::string_view name);
/// The name of such a program; empty for others.
std::string_view programName(AddressView address);

std::optional<Operation> operationNamed(std::string_view name);
std::optional<Action> actionNamed(std::string_view name);

/// Wrapped SOL's mint, which counts as SOL.
bool isWrappedSol(AddressView mint);

}  // namespace waas::policy::file
