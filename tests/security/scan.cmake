# The memory scan of the real processes, and what else root would try on them.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(scan ${CMAKE_CURRENT_SOURCE_DIR}/scan)
add_library(waas-scan-tools STATIC ${scan}/vault-secrets.c++ ${scan}/vault-client.c++)
target_link_libraries(waas-scan-tools PUBLIC waas-protocol waas-inner OpenSSL::Crypto PkgConfig::SODIUM
  PRIVATE waas-compiler)
target_include_directories(waas-scan-tools PUBLIC ${scan})
add_executable(waas-vault-load ${scan}/vault-load.c++)
add_executable(waas-open-secrets ${scan}/open-secrets.c++)
foreach(program IN ITEMS waas-vault-load waas-open-secrets)
  target_link_libraries(${program} PRIVATE waas-scan-tools waas-compiler)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()

# The vault with a deliberate leak: found, or the scan is blind.
if(NOT WAAS_SANITIZE AND WAAS_STATIC_VAULT)
  waas_vault_program(waas-vault-leaky NAME waas-vault-leaky FOLDER ${CMAKE_BINARY_DIR}/tests
    SOURCES ${CMAKE_SOURCE_DIR}/daemon/vault/main.c++ ${scan}/leaky-vault.c++)
  target_link_libraries(waas-vault-leaky PRIVATE
    -Wl,--wrap=_ZN4waas5vault13combineSharesESt4spanIKNS_6SecretILm32EEELm18446744073709551615EES1_IKhLm18446744073709551615EERS3_)
endif()

add_executable(waas-force-call ${scan}/force-call.c++)
target_link_libraries(waas-force-call PRIVATE waas-compiler)
set_target_properties(waas-force-call PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

# Root's view of real processes: skipped for other users, and with sanitizers, whose runtimes need more than the sandbox gives.
if(NOT WAAS_SANITIZE AND WAAS_STATIC_VAULT)
  foreach(name IN ITEMS vault-memory vault-attacks stack-memory broker-network)
    add_test(NAME security.${name} COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py -v)
    # Alone: what is measured is time and load.
    set_tests_properties(security.${name} PROPERTIES
      TIMEOUT 900 SKIP_RETURN_CODE 77 RUN_SERIAL TRUE LABELS "e2e" ENVIRONMENT "WAAS_BUILD=${CMAKE_BINARY_DIR}")
  endforeach()
endif()
