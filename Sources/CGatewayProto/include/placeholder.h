#ifndef GW_PROTO_H
#define GW_PROTO_H
#endif
