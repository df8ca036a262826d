add_executable(stores-bench ${CMAKE_CURRENT_LIST_DIR}/stores-bench.c++)
set_target_properties(stores-bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
# g++ 12 takes the unset value in a Promise<Maybe<T>> for one that is read.
target_compile_options(stores-bench PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
target_link_libraries(stores-bench PRIVATE waas-broker waas-test-servers waas-compiler)
