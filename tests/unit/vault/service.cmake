waas_test(NAME vault-service TIMEOUT 120
  SOURCES account-record-test.c++ attempt-limiter-test.c++ audit-ring-test.c++ challenge-test.c++ config-test.c++
    passed-socket-test.c++ peer-table-test.c++ record-handler-test.c++ request-table-test.c++ session-token-test.c++
    warm-up-test.c++ service-for-tests.c++
  LIBRARIES waas-vault)
