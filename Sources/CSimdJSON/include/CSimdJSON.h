#ifndef GW_CSIMDJSON_H
#define GW_CSIMDJSON_H
#endif
