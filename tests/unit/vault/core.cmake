set(VAULT_CORE_TESTS
  secret-memory-test shamir-test kdf-test envelope-test keyring-test make-keys-test wallet-keys-test sign-twice-test
  wallet-advance-test)
foreach(name IN LISTS VAULT_CORE_TESTS)
  waas_test(NAME vault-${name} SOURCES ${name}.c++ LIBRARIES waas-vault TIMEOUT 120)
  target_compile_definitions(vault-${name} PRIVATE WAAS_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors")
  if(WAAS_SANITIZE)
    target_compile_definitions(vault-${name} PRIVATE WAAS_TESTS_SANITIZED)
  endif()
endforeach()

# The replaced heap can't be linked into a test program (GoogleTest would live on it), so a program of its own has it.
if(NOT WAAS_SANITIZE)
  waas_vault_program(vault-heap-probe NAME vault-heap-probe FOLDER ${CMAKE_BINARY_DIR}/tests
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/heap-probe.c++)
  # Compilers know what malloc and free mean, and leave out what the probe tries.
  target_compile_options(vault-heap-probe-objects PRIVATE -fno-builtin)
  waas_test(NAME vault-secret-heap-test SOURCES secret-heap-test.c++ LIBRARIES waas-vault)
  target_compile_definitions(vault-secret-heap-test PRIVATE
    WAAS_HEAP_PROBE="$<TARGET_FILE:vault-heap-probe>")
  add_dependencies(vault-secret-heap-test vault-heap-probe)
endif()
