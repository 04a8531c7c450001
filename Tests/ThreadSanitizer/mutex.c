// Tells the thread sanitizer of the waits in Swift's Mutex. To be preloaded into what it watches.
//
// The fast path of Synchronization.Mutex is compiled into its users, where the sanitizer sees its
// atomics. Its slow path stands in libswiftSynchronization.so, which is not built for the sanitizer:
// a thread that had to wait for a mutex seems never to have taken it, and whatever the mutex guards
// is reported as a race. The functions here stand in front of the slow path's and say what it does.
//
// The names are Swift's, of the library of Swift 6: were they to change, the races would be back.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// Of the sanitizer, which is in the program; absent where the program is not built for it.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void gw_lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool gw_try_lock(SELF) __asm__(TRY_LOCK);
SWIFT void gw_unlock(SELF) __asm__(UNLOCK);

// The library's own function of a name; asked for again at each wait, which is slow anyhow.
static void *behind(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (function != NULL) return function;
    fprintf(stderr, "mutex.c: Swift's library has no %s\n", name);
    abort();
}

SWIFT void gw_lock(uint32_t thread, SELF) {
    SWIFT void (*lock)(uint32_t, SELF) = behind(LOCK);
    lock(thread, self);
    if (__tsan_acquire != NULL) __tsan_acquire(self);
}

SWIFT bool gw_try_lock(SELF) {
    SWIFT bool (*try_lock)(SELF) = behind(TRY_LOCK);
    bool is_locked = try_lock(self);
    if (is_locked && __tsan_acquire != NULL) __tsan_acquire(self);
    return is_locked;
}

SWIFT void gw_unlock(SELF) {
    SWIFT void (*unlock)(SELF) = behind(UNLOCK);
    if (__tsan_release != NULL) __tsan_release(self);
    unlock(self);
}
