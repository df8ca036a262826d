# The broker but its stores. What can be shown in one process is a test of its classes; the rest is shown on the real
# program, with the real vault under its guard, a real PostgreSQL and two real Redis servers.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized> -Wno-non-virtual-dtor)

waas_test(NAME broker-core-test
  SOURCES buffered-stream-test.c++ loop-turn-test.c++ deadline-queue-test.c++ settings-test.c++ public-error-test.c++
          admission-test.c++
  LIBRARIES waas-broker)

waas_test(NAME broker-audit-test TIMEOUT 120
  SOURCES audit-writer-test.c++
  LIBRARIES waas-broker waas-test-servers)

# Programs built with sanitizers can't run in the vault's and the broker's sandbox.
if(NOT WAAS_SANITIZE)
  add_library(waas-whole-broker STATIC whole-broker.c++ broker-client.c++)
  target_include_directories(waas-whole-broker PUBLIC ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(waas-whole-broker PUBLIC waas-public waas-protocol waas-test-servers hostile-broker-kit
    CapnProto::capnp-rpc CapnProto::kj-async PRIVATE waas-compiler)
  target_compile_definitions(waas-whole-broker PRIVATE WAAS_BROKER="$<TARGET_FILE:waas-broker-program>")
  target_include_directories(waas-whole-broker PUBLIC ${CMAKE_SOURCE_DIR}/tests/integration)
  add_dependencies(waas-whole-broker waas-broker-program)

  waas_test(NAME broker-test TIMEOUT 180
    SOURCES signing-test.c++ wallet-test.c++ outage-test.c++ hostile-client-test.c++ process-test.c++
    LIBRARIES waas-whole-broker GTest::gtest)
endif()
