waas_test(NAME vault-service TIMEOUT 120
  SOURCES account-record-test.c++ attempt-limiter-test.c++ audit-ring-test.c++ challenge-test.c++ config-test.c++
    passed-socket-test.c++ peer-table-test.c++ record-handler-test.c++ request-table-test.c++ session-token-test.c++
    warm-up-test.c++ service-for-tests.c++
  LIBRARIES waas-vault)
waas_test(NAME vault-life TIMEOUT 120
  SOURCES advance-request-test.c++ custody-test.c++ floor-book-test.c++ key-requests-test.c++ keyring-change-test.c++
    transfer-requests-test.c++ service-for-tests.c++
  LIBRARIES waas-vault)
target_compile_definitions(vault-life PRIVATE WAAS_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors")
