/* The C library's mutexes, which are precompiled there: what they touch could not be seen, and what waits in one would wait in earnest.
 *
 * These do what glibc's do (nptl/pthread_mutex_lock.c, lowlevellock.c; the same in all versions from 2.34 on), access by access: a
 * compare-and-swap of the word from 0 to 1, the owner and the number of users written under it; who finds it taken exchanges 2 into it
 * and sleeps until the exchange finds 0; who gives it back exchanges 0 and wakes one if it finds 2. Normal and recursive mutexes are
 * known. Other kinds of lock are refused when they are used. */
#define _GNU_SOURCE
#include "vm.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>

uint32_t __tsan_atomic32_load(const volatile uint32_t *, int);
uint32_t __tsan_atomic32_exchange(volatile uint32_t *, uint32_t, int);
uint32_t __tsan_atomic32_compare_exchange_val(volatile uint32_t *, uint32_t, uint32_t, int, int);
void __tsan_read4(void *);
void __tsan_write4(void *);

enum { ANY_ORDER = 0, KIND = 127 };

static int self(void) { return current ? current->index + 1 : MAX_THREADS + 1; }

static uint32_t *word_of(pthread_mutex_t *mutex) { return (uint32_t *)&mutex->__data.__lock; }

/* Whether the mutex is recursive. */
static int recursive(pthread_mutex_t *mutex) {
    int kind = (int)__tsan_atomic32_load((uint32_t *)&mutex->__data.__kind, ANY_ORDER) & KIND;
    if (kind != PTHREAD_MUTEX_NORMAL && kind != PTHREAD_MUTEX_RECURSIVE) {
        vm_fail("the list uses a mutex that is neither normal nor recursive, which the virtual machine does not know");
    }
    return kind == PTHREAD_MUTEX_RECURSIVE;
}

static int owned(pthread_mutex_t *mutex) {
    __tsan_read4(&mutex->__data.__owner);
    return mutex->__data.__owner == self();
}

static void own(pthread_mutex_t *mutex) {
    __tsan_write4(&mutex->__data.__owner);
    mutex->__data.__owner = self();
    __tsan_read4(&mutex->__data.__nusers);
    __tsan_write4(&mutex->__data.__nusers);
    mutex->__data.__nusers++;
}

int pthread_mutex_lock(pthread_mutex_t *mutex) {
    uint32_t *word = word_of(mutex);
    if (recursive(mutex)) {
        if (owned(mutex)) {
            mutex->__data.__count++;
            return 0;
        }
        mutex->__data.__count = 1;
    }
    if (__tsan_atomic32_compare_exchange_val(word, 0, 1, ANY_ORDER, ANY_ORDER)) {
        if (!current) vm_fail("a lock is taken outside of the simulation");
        if (__tsan_atomic32_load(word, ANY_ORDER) == 2) vm_futex_wait(word, 2);
        while (__tsan_atomic32_exchange(word, 2, ANY_ORDER)) vm_futex_wait(word, 2);
    }
    own(mutex);
    return 0;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex) {
    if (recursive(mutex) && owned(mutex)) {
        mutex->__data.__count++;
        return 0;
    }
    if (__tsan_atomic32_compare_exchange_val(word_of(mutex), 0, 1, ANY_ORDER, ANY_ORDER)) return EBUSY;
    mutex->__data.__count = 1;
    own(mutex);
    return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex) {
    if (recursive(mutex) && --mutex->__data.__count) return 0;
    __tsan_write4(&mutex->__data.__owner);
    mutex->__data.__owner = 0;
    __tsan_read4(&mutex->__data.__nusers);
    __tsan_write4(&mutex->__data.__nusers);
    mutex->__data.__nusers--;
    if (__tsan_atomic32_exchange(word_of(mutex), 0, ANY_ORDER) > 1) vm_futex_wake(word_of(mutex), 1);
    return 0;
}

/* The standard library's mutex, once its first try has failed (std/src/sys/sync/mutex/futex.rs; 0 free, 1 taken, 2 taken and somebody
 * waits): what vm_take_std_lock has every contended lock() call. */
static uint32_t spin(uint32_t *word) {
    uint32_t state;
    for (int left = 100; (state = __tsan_atomic32_load(word, ANY_ORDER)) == 1 && left; left--) vm_pause();
    return state;
}
static void std_lock_contended(uint32_t *word) {
    if (!current) vm_fail("a lock is waited for outside of the simulation");
    uint32_t state = spin(word);
    if (!state && !(state = __tsan_atomic32_compare_exchange_val(word, 0, 1, ANY_ORDER, ANY_ORDER))) return;
    while (state == 2 || __tsan_atomic32_exchange(word, 2, ANY_ORDER)) {
        vm_futex_wait(word, 2);
        state = spin(word);
    }
}

/* Puts a jump to the above at the function's begin. The program is linked below 2 GiB. */
void vm_take_std_lock(uint64_t address) {
    unsigned char *code = (unsigned char *)address;
    void *page = (void *)(address & ~4095ull);
    int32_t far = (int32_t)((int64_t)(uint64_t)std_lock_contended - (int64_t)(address + 5));
    if (mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC)) vm_fail("the program's text cannot be written");
    code[0] = 0xe9;
    memcpy(code + 1, &far, sizeof far);
    if (mprotect(page, 8192, PROT_READ | PROT_EXEC)) vm_fail("the program's text cannot be protected again");
}

#define UNKNOWN(name, ...) \
    int name(__VA_ARGS__) { vm_fail("the list calls " #name "(), which the virtual machine does not know"); }
#pragma GCC diagnostic ignored "-Wunused-parameter"
UNKNOWN(pthread_mutex_timedlock, pthread_mutex_t *mutex, const struct timespec *until)
UNKNOWN(pthread_cond_wait, pthread_cond_t *condition, pthread_mutex_t *mutex)
UNKNOWN(pthread_cond_timedwait, pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
UNKNOWN(pthread_rwlock_rdlock, pthread_rwlock_t *lock)
UNKNOWN(pthread_rwlock_wrlock, pthread_rwlock_t *lock)
UNKNOWN(pthread_barrier_wait, pthread_barrier_t *barrier)
UNKNOWN(sem_wait, sem_t *semaphore)
UNKNOWN(sem_timedwait, sem_t *semaphore, const struct timespec *until)

int pthread_spin_lock(pthread_spinlock_t *lock) {
    uint32_t *word = (uint32_t *)lock;
    while (__tsan_atomic32_exchange(word, 1, ANY_ORDER)) {
        while (__tsan_atomic32_load(word, ANY_ORDER)) vm_pause();
    }
    return 0;
}
int pthread_spin_trylock(pthread_spinlock_t *lock) {
    return __tsan_atomic32_exchange((uint32_t *)lock, 1, ANY_ORDER) ? EBUSY : 0;
}
