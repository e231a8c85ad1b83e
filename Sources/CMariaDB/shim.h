#pragma once
#include <mysql.h>
#include <errmsg.h>
#include <ma_pvio.h>

/// How long an answer may take, in seconds; 0: for ever. The library reads its own option only when it connects.
static inline void mariadb_set_read_timeout(MYSQL *mysql, int seconds) {
    MARIADB_PVIO *pvio = mysql->net.pvio;
    if (pvio) pvio->methods->set_timeout(pvio, PVIO_READ_TIMEOUT, seconds);
}
