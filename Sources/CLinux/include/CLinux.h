// What Glibc's Swift module does not show.
#ifndef GW_CLINUX_H
#define GW_CLINUX_H

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

/// accept4(2), a GNU extension that the Swift module of Glibc leaves out. The new descriptor is
/// non-blocking and closed on exec.
static inline int gw_accept(int listener, struct sockaddr *address, socklen_t *length) {
    extern int accept4(int, struct sockaddr *, socklen_t *, int);
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

#endif
