# The memory scanner and its own test.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(memscan ${CMAKE_CURRENT_SOURCE_DIR}/memscan)
add_executable(memscan
  ${memscan}/main.c++ ${memscan}/encodings.c++ ${memscan}/derived.c++ ${memscan}/forms.c++ ${memscan}/search.c++
  ${memscan}/process.c++ ${memscan}/methods.c++ ${memscan}/attached-methods.c++ ${memscan}/report.c++)
target_link_libraries(memscan PRIVATE PkgConfig::SODIUM OpenSSL::Crypto waas-compiler)
add_executable(memscan-specimen ${memscan}/specimen.c++)
target_link_libraries(memscan-specimen PRIVATE Threads::Threads waas-compiler)
set_target_properties(memscan memscan-specimen PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

if(NOT WAAS_SANITIZE)
  # A sanitizer's own copies and shadow memory would be what is tested.
  add_test(NAME memscan-finds-what-is-there
    COMMAND ${Python3_EXECUTABLE} ${memscan}/memscan-test.py ${CMAKE_BINARY_DIR}/tests)
  set_tests_properties(memscan-finds-what-is-there PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77)
endif()
