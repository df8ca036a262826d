# One library per folder, and the one list of which folder may use which. A folder's headers are reached as
# "folder/header.h", and only by targets that name the folder in USES: each folder is staged alone in its own include
# directory, so that an include that is not allowed does not compile.

set(WAAS_ALLOWED
  protocol:secret
  policy:solana policy:protocol policy:compiled
  policyfile:policy policyfile:solana policyfile:protocol policyfile:compiled
  vault:secret vault:protocol vault:inner vault:errors vault:solana vault:policy vault:seccomp
  guard:seccomp
  broker:protocol broker:inner broker:errors broker:public broker:seccomp
  lib:secret lib:protocol lib:errors lib:public
  cli:secret cli:lib cli:protocol cli:errors cli:public cli:solana cli:policy cli:policyfile
  gateway:secret gateway:lib gateway:protocol gateway:errors gateway:public gateway:solana gateway:seccomp
  inner:errors public:errors)

# waas_folder(NAME name PATH folder [SOURCES …] [USES other folders] [LIBRARIES foreign ones])
#   makes the library waas-<name>; without SOURCES a header-only one.
function(waas_folder)
  cmake_parse_arguments(F "" "NAME;PATH" "SOURCES;USES;LIBRARIES" ${ARGN})
  set(stage ${CMAKE_BINARY_DIR}/stage/${F_NAME})
  get_filename_component(parent ${F_PATH} DIRECTORY)
  file(MAKE_DIRECTORY ${stage}/${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${F_PATH} ${stage}/${F_PATH} SYMBOLIC)

  set(used "")
  foreach(other IN LISTS F_USES)
    if(NOT "${F_NAME}:${other}" IN_LIST WAAS_ALLOWED)
      message(FATAL_ERROR "${F_NAME} may not use ${other}: see WAAS_ALLOWED in cmake/folders.cmake")
    endif()
    list(APPEND used waas-${other})
  endforeach()

  if(F_SOURCES)
    add_library(waas-${F_NAME} STATIC ${F_SOURCES})
    target_include_directories(waas-${F_NAME} PUBLIC ${stage})
    target_link_libraries(waas-${F_NAME} PUBLIC ${used} ${F_LIBRARIES} PRIVATE waas-compiler)
  else()
    add_library(waas-${F_NAME} INTERFACE)
    target_include_directories(waas-${F_NAME} INTERFACE ${stage})
    target_link_libraries(waas-${F_NAME} INTERFACE ${used} ${F_LIBRARIES})
  endif()
endfunction()

# waas_schema(NAME name FILE protocol/x.capnp [USES …] [LIBRARIES …]): code generated from one schema, at build time.
function(waas_schema)
  cmake_parse_arguments(S "" "NAME;FILE" "USES;LIBRARIES" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/schema/${S_NAME})
  file(MAKE_DIRECTORY ${out})
  add_custom_command(
    OUTPUT ${out}/${S_FILE}.c++ ${out}/${S_FILE}.h
    COMMAND ${CAPNP_EXECUTABLE} compile --src-prefix=${CMAKE_SOURCE_DIR} -I${CAPNP_INCLUDE_DIRECTORY}
            -o${CAPNPC_CXX_EXECUTABLE}:${out} ${CMAKE_SOURCE_DIR}/${S_FILE}
    DEPENDS ${CMAKE_SOURCE_DIR}/${S_FILE} ${CMAKE_SOURCE_DIR}/protocol/error.capnp WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} VERBATIM)
  add_library(waas-${S_NAME} STATIC ${out}/${S_FILE}.c++)
  get_filename_component(folder ${S_FILE} DIRECTORY)
  target_include_directories(waas-${S_NAME} SYSTEM PUBLIC ${out} ${out}/${folder})
  set(used "")
  foreach(other IN LISTS S_USES)
    list(APPEND used waas-${other})
  endforeach()
  target_link_libraries(waas-${S_NAME} PUBLIC ${used} ${S_LIBRARIES})
endfunction()
