#pragma once
// The API's description, as GET /openapi.json gives it: the file openapi.json of this folder, taken in when the program
// is built.
#include <string_view>

namespace waas::gateway {

std::string_view openApiDocument();

}  // namespace waas::gateway
