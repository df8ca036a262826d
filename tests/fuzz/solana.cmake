# The sources are compiled once more with the fuzzer's instrumentation: a fuzzer that does not see their branches finds
# little.
file(GLOB SOLANA_SOURCES ${CMAKE_SOURCE_DIR}/solana/*.c++)
add_library(fuzz-solana-library OBJECT ${SOLANA_SOURCES})
target_compile_options(fuzz-solana-library PRIVATE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
target_link_libraries(fuzz-solana-library PRIVATE waas-solana waas-compiler)
foreach(what IN ITEMS transaction message offchain-message base58)
  waas_fuzz(NAME solana-${what} SOURCES solana-${what}-fuzz.c++ $<TARGET_OBJECTS:fuzz-solana-library> LIBRARIES waas-solana)
endforeach()
