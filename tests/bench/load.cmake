# Closed-loop load over the public socket; see load.c++.
add_executable(waas-load load.c++ load-process.c++ load-tally.c++ load-wallets.c++ load-worker.c++)
target_link_libraries(waas-load PRIVATE waas-lib waas-solana CLI11::CLI11 nlohmann_json::nlohmann_json waas-compiler)
