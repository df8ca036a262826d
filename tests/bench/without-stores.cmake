# The broker with stores in its own memory; see broker-without-stores.c++.
add_executable(broker-without-stores broker-without-stores.c++)
set_source_files_properties(broker-without-stores.c++ PROPERTIES COMPILE_OPTIONS "-Wno-non-virtual-dtor;$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>")
set_target_properties(broker-without-stores PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
target_link_libraries(broker-without-stores PRIVATE waas-broker CLI11::CLI11 waas-compiler)
