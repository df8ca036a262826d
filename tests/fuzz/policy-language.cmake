# What the vault reads of a policy, and the compiler of policy files.
file(GLOB POLICY_FILE_SOURCES ${CMAKE_SOURCE_DIR}/policy/file/*.c++)
add_library(fuzz-policy-file-library OBJECT ${POLICY_FILE_SOURCES})
target_compile_options(fuzz-policy-file-library PRIVATE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
target_link_libraries(fuzz-policy-file-library PRIVATE waas-policyfile waas-compiler)
foreach(what IN ITEMS compiled-policy policy-file)
  waas_fuzz(NAME ${what} SOURCES ${what}-fuzz.c++ $<TARGET_OBJECTS:fuzz-policy-library> $<TARGET_OBJECTS:fuzz-policy-file-library>
    LIBRARIES waas-policyfile)
endforeach()
