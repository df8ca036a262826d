# Warnings and hardening, for every target.

add_library(waas-compiler INTERFACE)
target_compile_options(waas-compiler INTERFACE
  -Wall -Wextra -Wpedantic $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local> -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wcast-qual -Wformat=2
  -Wimplicit-fallthrough -Werror
  # KJ_REQUIRE_NONNULL is one; g++ lets it pass because it comes from a system header.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-statement-expression>
  -fno-strict-aliasing -fvisibility=hidden)

if(WAAS_FUZZ)
  # Everything is instrumented: a fuzzer that does not see a branch finds little behind it.
  target_compile_options(waas-compiler INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  target_link_options(waas-compiler INTERFACE -fsanitize=address,undefined)
  set(WAAS_STATIC_VAULT OFF)
elseif(WAAS_SANITIZE)
  # Recovering would let a test pass over a finding.
  target_compile_options(waas-compiler INTERFACE -fsanitize=${WAAS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(waas-compiler INTERFACE -fsanitize=${WAAS_SANITIZE})
  set(WAAS_STATIC_VAULT OFF)
else()
  target_compile_options(waas-compiler INTERFACE
    -fstack-protector-strong -fstack-clash-protection -D_GLIBCXX_ASSERTIONS
    $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
    target_compile_options(waas-compiler INTERFACE -fcf-protection=full)
  endif()
  target_link_options(waas-compiler INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
