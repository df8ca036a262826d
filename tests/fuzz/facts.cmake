# As in solana.cmake: compiled once more with the fuzzer's instrumentation.
file(GLOB POLICY_SOURCES ${CMAKE_SOURCE_DIR}/policy/*.c++)
file(GLOB INSTRUCTION_SOURCES ${CMAKE_SOURCE_DIR}/solana/instruction/*.c++)
add_library(fuzz-policy-library OBJECT ${POLICY_SOURCES} ${INSTRUCTION_SOURCES})
target_compile_options(fuzz-policy-library PRIVATE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
target_link_libraries(fuzz-policy-library PRIVATE waas-policy waas-compiler)
foreach(what IN ITEMS solana-instruction policy-facts)
  waas_fuzz(NAME ${what} SOURCES ${what}-fuzz.c++ $<TARGET_OBJECTS:fuzz-policy-library> LIBRARIES waas-policy)
endforeach()
