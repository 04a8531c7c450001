// What Glibc's Swift module does not show.
#ifndef GW_CLINUX_H
#define GW_CLINUX_H

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

/// accept4(2), a GNU extension that the Swift module of Glibc leaves out. The new descriptor is
/// non-blocking and closed on exec.
static inline int gw_accept(int listener, struct sockaddr *address, socklen_t *length) {
    extern int accept4(int, struct sockaddr *, socklen_t *, int);
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// accept4(2) as above, for a thread that may wait: the new descriptor blocks.
static inline int gw_accept_blocking(int listener) {
    extern int accept4(int, struct sockaddr *, socklen_t *, int);
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

/// As many descriptors as the next two functions take with one message; the kernel's bound is 253.
enum { GW_DESCRIPTORS_MAX = 64 };

/// Sends one message with copies of descriptors (unix(7), SCM_RIGHTS), whose header is made of
/// macros. Returns what sendmsg(2) does.
static inline ssize_t gw_send_descriptors(
    int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count) {
    struct iovec piece = {(void *)bytes, count};
    union {
        char bytes[CMSG_SPACE(sizeof(int) * GW_DESCRIPTORS_MAX)];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {0};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (descriptor_count > 0 && descriptor_count <= GW_DESCRIPTORS_MAX) {
        size_t size = sizeof(int) * (size_t)descriptor_count;
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(header), descriptors, size);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

/// Receives one message and the descriptors that came with it, which are closed on exec and the
/// caller's to close. `descriptors` has room for GW_DESCRIPTORS_MAX. Returns what recvmsg(2) does;
/// -1 with EMSGSIZE when the message was too long.
static inline ssize_t gw_receive_descriptors(
    int socket, void *bytes, size_t count, int *descriptors, int *descriptor_count) {
    struct iovec piece = {bytes, count};
    union {
        char bytes[CMSG_SPACE(sizeof(int) * GW_DESCRIPTORS_MAX)];
        struct cmsghdr align;
    } control;
    struct msghdr message = {0};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    *descriptor_count = 0;
    ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (received < 0) return received;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t size = header->cmsg_len - CMSG_LEN(0);
        memcpy(descriptors, CMSG_DATA(header), size);
        *descriptor_count = (int)(size / sizeof(int));
    }
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        errno = EMSGSIZE;
        return -1;
    }
    return received;
}

#endif
