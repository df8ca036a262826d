find_package(benchmark REQUIRED)
add_executable(policy-bench ${CMAKE_CURRENT_LIST_DIR}/policy-bench.c++)
set_target_properties(policy-bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
target_link_libraries(policy-bench PRIVATE waas-policyfile PkgConfig::SODIUM benchmark::benchmark waas-compiler)
