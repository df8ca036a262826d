# Private PostgreSQL, PgBouncer and Redis servers, for any test that needs real ones: #include <servers.h>.
add_library(waas-test-servers STATIC
  ${CMAKE_CURRENT_LIST_DIR}/servers.c++ ${CMAKE_CURRENT_LIST_DIR}/server-process.c++)
target_include_directories(waas-test-servers PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_compile_definitions(waas-test-servers PRIVATE WAAS_SQL_FOLDER="${CMAKE_SOURCE_DIR}/sql")
target_link_libraries(waas-test-servers PRIVATE waas-compiler)
