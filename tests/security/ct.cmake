# Constant time, by memcheck. Builds its own programs: the point is what each compiler makes of the sources at each level.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
if(NOT WAAS_SANITIZE)
  add_test(NAME constant-time
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/ct/constant-time.py ${CMAKE_SOURCE_DIR}
            -I${CMAKE_BINARY_DIR}/stage/vault -I${CMAKE_BINARY_DIR}/stage/secret -I${CMAKE_BINARY_DIR}/stage/protocol)
  set_tests_properties(constant-time PROPERTIES TIMEOUT 1200 SKIP_RETURN_CODE 77)
endif()
