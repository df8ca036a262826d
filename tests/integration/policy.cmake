# What the vault decides by, and what it counts.
if(NOT WAAS_SANITIZE AND NOT WAAS_FUZZ)
  add_executable(sign-many sign-many.c++)
  set_target_properties(sign-many PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(sign-many PRIVATE waas-lib waas-compiler)
  waas_e2e(NAME policy-decides)
  waas_e2e(NAME limits)
endif()
