waas_test(NAME policy-facts-test
  SOURCES facts-test.c++ fee-facts-test.c++ lookup-facts-test.c++ outflow-test.c++
  LIBRARIES waas-policy PkgConfig::SODIUM)
target_include_directories(policy-facts-test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})

waas_test(NAME policy-table-test
  SOURCES policy-table-test.c++
  LIBRARIES waas-policy-file waas-policy nlohmann_json::nlohmann_json PkgConfig::SODIUM)
target_compile_definitions(policy-table-test PRIVATE
  WAAS_POLICY_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors/policy" WAAS_POLICY_EXAMPLES="${CMAKE_SOURCE_DIR}/policy/examples")
