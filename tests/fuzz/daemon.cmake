# Borders of the daemon: what the vault reads, what the broker reads from Redis, the byte formats in between.
waas_fuzz(NAME vault-record SOURCES vault-record-fuzz.c++ ../unit/vault/service-for-tests.c++ LIBRARIES waas-vault)
target_include_directories(fuzz-vault-record PRIVATE ..)
waas_fuzz(NAME vault-config SOURCES vault-config-fuzz.c++ LIBRARIES waas-vault)
waas_fuzz(NAME protocol-formats SOURCES protocol-formats-fuzz.c++ LIBRARIES waas-protocol)
waas_fuzz(NAME redis-reply SOURCES redis-reply-fuzz.c++ ${CMAKE_SOURCE_DIR}/daemon/broker/redis/reply.c++
  LIBRARIES PkgConfig::HIREDIS CapnProto::kj)
target_include_directories(fuzz-redis-reply PRIVATE ${CMAKE_BINARY_DIR}/stage/broker)
