waas_test(NAME policy-test
  SOURCES compiled-policy-test.c++ evaluate-test.c++ examples-test.c++ limits-test.c++ lint-test.c++ policy-file-test.c++
          quantity-test.c++ transactions.c++
  LIBRARIES waas-policyfile)
target_include_directories(policy-test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(policy-test PRIVATE WAAS_POLICY_EXAMPLES="${CMAKE_SOURCE_DIR}/policy/examples")
