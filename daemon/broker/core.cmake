# Everything of the broker but the stores, and the program.
set(BROKER_CORE_SOURCES
  admission.h audit-writer.c++ buffered-stream.c++ deadline-queue.c++ door.c++ health.c++ listener.c++ log.c++ loop-turn.c++
  lifecycle/advance.c++ lifecycle/refresh.c++ lifecycle/rotation-run.c++ lifecycle/share-keeper.c++
  limit-turns.c++ notify.c++ peer-network.c++ peer.c++ policy-keeper.c++ public-error.c++ settings.c++ share-status.c++ vault-link.c++ vault-request.c++ vault-socket.c++
  vault-rows.c++
  session/login.c++ session/operator.c++ session/operator-policy.c++ session/owner.c++ session/session.c++
  session/maintenance.c++ session/operator-keys.c++ session/operator-shares.c++ session/run-report.c++
  session/wallet-birth.c++ session/wallet-life.c++ session/sign-call.c++ session/sign-fetch.c++ session/sign-limits.c++ session/signer.c++
  session/user-session.c++)

# KJ's interfaces have no virtual destructors, by design: their objects are destroyed through kj::Own.
set_source_files_properties(${BROKER_CORE_SOURCES} main.c++ PROPERTIES COMPILE_OPTIONS -Wno-non-virtual-dtor)
set_source_files_properties(health.c++ session/signer.c++ main.c++ PROPERTIES
  COMPILE_DEFINITIONS WAAS_VERSION="${PROJECT_VERSION}")

add_executable(waas-broker-program main.c++)
set_target_properties(waas-broker-program PROPERTIES OUTPUT_NAME waas-broker)
target_link_libraries(waas-broker-program PRIVATE waas-broker CLI11::CLI11 waas-compiler)
if(WAAS_SANITIZE)
  # Their runtimes make calls that no table has. Such a build is for tests only, and its health report says so.
  target_compile_definitions(waas-broker-program PRIVATE WAAS_UNSANDBOXED_BUILD)
endif()
