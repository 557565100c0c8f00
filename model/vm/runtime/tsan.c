/* What ThreadSanitizer's instrumentation calls. Each call stands for an access of the program, is counted and costed, and then done,
 * sequentially consistent, since only one simulated thread runs at a time.
 *
 * Outside of the simulation (`current` is NULL) accesses are done and nothing else. Names and signatures are LLVM's:
 * compiler-rt/lib/tsan/rtl/tsan_interface.h and tsan_interface_atomic.h. */
#include "vm.h"

#include <string.h>

enum { SEQUENTIALLY_CONSISTENT = 5 };

#define COUNT(field) do { if (current) current->counts.field++; } while (0)

void __tsan_init(void) {}
void __tsan_func_entry(void *caller) {
    (void)caller;
    if (!current) return;
    vm_between();
    vm_spend(machine.call);
}
void __tsan_func_exit(void) {}

/* Plain accesses: the program does them itself after the call. */
#define READ(name, size) \
    void name(void *address) { COUNT(plain_loads); vm_access(address, size, PLAIN_LOAD); }
#define WRITE(name, size) \
    void name(void *address) { COUNT(plain_stores); vm_access(address, size, PLAIN_STORE); }
#define READ_WRITE(name, size) \
    void name(void *address) { \
        COUNT(plain_loads); \
        vm_access(address, size, PLAIN_LOAD); \
        COUNT(plain_stores); \
        vm_access(address, size, PLAIN_STORE); \
    }
#define PLAIN(size) \
    READ(__tsan_read##size, size) \
    WRITE(__tsan_write##size, size) \
    READ_WRITE(__tsan_read_write##size, size)
#define UNALIGNED(size) \
    READ(__tsan_unaligned_read##size, size) \
    WRITE(__tsan_unaligned_write##size, size) \
    READ_WRITE(__tsan_unaligned_read_write##size, size)
PLAIN(1) PLAIN(2) PLAIN(4) PLAIN(8) PLAIN(16)
UNALIGNED(2) UNALIGNED(4) UNALIGNED(8) UNALIGNED(16)
/* Accesses that C declares volatile. */
READ(__tsan_volatile_read1, 1) READ(__tsan_volatile_read2, 2) READ(__tsan_volatile_read4, 4) READ(__tsan_volatile_read8, 8)
WRITE(__tsan_volatile_write1, 1) WRITE(__tsan_volatile_write2, 2) WRITE(__tsan_volatile_write4, 4) WRITE(__tsan_volatile_write8, 8)
READ(__tsan_vptr_read, 8)

void __tsan_vptr_update(void **address, void *value) { (void)value; COUNT(plain_stores); vm_access(address, 8, PLAIN_STORE); }

/* A range counts as an access of each eight bytes. */
static void range(const void *address, size_t size, enum access access) {
    if (!current) return;
    uint64_t words = (size + 7) / 8;
    if (access == PLAIN_LOAD) {
        current->counts.plain_loads += words;
    } else {
        current->counts.plain_stores += words;
    }
    vm_access(address, size, access);
}
void __tsan_read_range(void *address, unsigned long size) { range(address, size, PLAIN_LOAD); }
void __tsan_write_range(void *address, unsigned long size) { range(address, size, PLAIN_STORE); }
void *__tsan_memcpy(void *to, const void *from, size_t size) {
    range(from, size, PLAIN_LOAD);
    range(to, size, PLAIN_STORE);
    return memcpy(to, from, size);
}
void *__tsan_memmove(void *to, const void *from, size_t size) {
    range(from, size, PLAIN_LOAD);
    range(to, size, PLAIN_STORE);
    return memmove(to, from, size);
}
void *__tsan_memset(void *to, int byte, size_t size) {
    range(to, size, PLAIN_STORE);
    return memset(to, byte, size);
}

/* Atomic accesses. A sequentially consistent store is a read-modify-write on x86-64 (xchg), and costs as much. */
#define CHANGE(bits, type, name, builtin) \
    type __tsan_atomic##bits##_##name(volatile type *address, type value, int order) { \
        (void)order; \
        COUNT(rmws); \
        vm_access(address, sizeof *address, RMW); \
        return builtin(address, value, __ATOMIC_SEQ_CST); \
    }
#define ATOMIC(bits, type) \
    type __tsan_atomic##bits##_load(const volatile type *address, int order) { \
        (void)order; \
        COUNT(loads); \
        vm_access(address, sizeof *address, LOAD); \
        return __atomic_load_n(address, __ATOMIC_SEQ_CST); \
    } \
    void __tsan_atomic##bits##_store(volatile type *address, type value, int order) { \
        COUNT(stores); \
        vm_access(address, sizeof *address, order == SEQUENTIALLY_CONSISTENT ? STORE_FENCED : STORE); \
        __atomic_store_n(address, value, __ATOMIC_SEQ_CST); \
    } \
    CHANGE(bits, type, exchange, __atomic_exchange_n) \
    CHANGE(bits, type, fetch_add, __atomic_fetch_add) \
    CHANGE(bits, type, fetch_sub, __atomic_fetch_sub) \
    CHANGE(bits, type, fetch_and, __atomic_fetch_and) \
    CHANGE(bits, type, fetch_or, __atomic_fetch_or) \
    CHANGE(bits, type, fetch_xor, __atomic_fetch_xor) \
    CHANGE(bits, type, fetch_nand, __atomic_fetch_nand) \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *address, type expected, type value, int order, int failure) { \
        (void)order; \
        (void)failure; \
        COUNT(rmws); \
        vm_access(address, sizeof *address, RMW); \
        __atomic_compare_exchange_n(address, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        return expected; \
    } \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type *address, type *expected, type value, int order, int failure) { \
        type found = __tsan_atomic##bits##_compare_exchange_val(address, *expected, value, order, failure); \
        int done = found == *expected; \
        *expected = found; \
        return done; \
    } \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile type *address, type *expected, type value, int order, int failure) { \
        return __tsan_atomic##bits##_compare_exchange_strong(address, expected, value, order, failure); \
    }
ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

/* On x86-64 only a sequentially consistent fence is an instruction; weaker ones bind the compiler, and are not counted. */
void __tsan_atomic_thread_fence(int order) {
    if (!current || order != SEQUENTIALLY_CONSISTENT) return;
    current->counts.fences++;
    vm_between();
    vm_drain();
    current->clock += machine.fence;
}
void __tsan_atomic_signal_fence(int order) { (void)order; }
