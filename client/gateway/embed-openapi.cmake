# Writes a C++ file with the text of INPUT, without the blanks that only people need.
file(READ ${INPUT} text)
string(REGEX REPLACE "\n *" "" text "${text}")
# A literal has a largest size; these are joined by the compiler.
string(LENGTH "${text}" length)
set(pieces "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 8000 piece)
  string(APPEND pieces "    R\"openapi(${piece})openapi\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUTPUT} "#include \"client/gateway/routes/openapi-document.h\"\n\nnamespace waas::gateway {\n\n\
std::string_view openApiDocument() {\n  return\n${pieces}      ;\n}\n\n}  // namespace waas::gateway\n")
