#pragma once
// Owners for what libpq hands out. (kj::Own needs a complete type; libpq's are not.)
#include <libpq-fe.h>

#include <memory>

namespace waas::broker {

struct LibpqCloser {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
};

using LibpqConnection = std::unique_ptr<PGconn, LibpqCloser>;
using LibpqResult = std::unique_ptr<PGresult, LibpqCloser>;

}  // namespace waas::broker
