# The life of shares: rotation, recovery, faults, races, fail-over, restored back-ups.
if(NOT WAAS_SANITIZE AND NOT WAAS_FUZZ)
  waas_e2e(NAME share-life)
  waas_e2e(NAME share-restore)
  waas_e2e(NAME rotation-race)
  waas_e2e(NAME redis-sentinel)
  waas_e2e(NAME advance-faults TIMEOUT 400)
endif()
