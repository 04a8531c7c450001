/// Counts the calls of malloc of a thread, in place of the C library's own; for benchmarks only.
long bench_allocations(void);
