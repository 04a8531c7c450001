#include "CAllocations.h"
#include <stdlib.h>

extern void *__libc_malloc(size_t size);

static _Thread_local long count;

void *malloc(size_t size) {
    count += 1;
    return __libc_malloc(size);
}

long bench_allocations(void) { return count; }
