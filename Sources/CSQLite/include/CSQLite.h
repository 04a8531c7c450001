// What of SQLite Swift cannot call: functions with a variable number of arguments.
#ifndef GW_CSQLITE_H
#define GW_CSQLITE_H

/// Leaves out SQLite's statistics of memory (sqlite3_config(3), SQLITE_CONFIG_MEMSTATUS), for which
/// every allocation and every release would take a lock of the whole process. To be called before
/// anything else of SQLite's. Returns whether it was in time.
int gw_sqlite_omit_memory_statistics(void);

#endif
