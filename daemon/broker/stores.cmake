# Everything of the two stores. libpq's headers are included only below postgres/, hiredis's only below redis/.
set(BROKER_STORES_SOURCES
  rows.c++)
