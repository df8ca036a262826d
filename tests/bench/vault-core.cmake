find_package(benchmark REQUIRED)
add_executable(vault-core-bench ${CMAKE_CURRENT_LIST_DIR}/vault-core-bench.c++)
set_target_properties(vault-core-bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
target_link_libraries(vault-core-bench PRIVATE waas-vault benchmark::benchmark waas-compiler)
