# What client/ promises and only a whole stack can show.
if(NOT WAAS_SANITIZE AND NOT WAAS_FUZZ)
  waas_e2e(NAME client-programs)
  waas_e2e(NAME schema-migrations)
endif()
