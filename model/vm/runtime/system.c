/* What the program asks of the system, answered by the virtual machine while a simulated thread runs: futexes, yielding, clocks, sleep,
 * membarrier(2), random numbers, the number of processors, and the pause instruction.
 *
 * These definitions stand before the C library's, so the standard library, parking_lot and rustix (built to go through the C
 * library) call them. Outside of the simulation what does not have to be repeatable goes to the system.
 *
 * The pause instruction calls nothing, yet a thread that spins in one has to let time pass, or nobody else would ever run. The
 * driver knows where the program's pause instructions are; each is overwritten by a breakpoint, whose signal comes here. That covers
 * the precompiled standard library too, whose own accesses are not instrumented. */
#define _GNU_SOURCE
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const ps SECOND = 1000000000000, NANOSECOND = 1000;
/* The clock's reading when the simulation starts: far from zero, which programs take for "never". */
static const ps EPOCH_SECONDS = 1000;

static uint64_t waits;

static void charge(ps cost) {
    current->counts.syscalls++;
    vm_drain();
    current->clock += vm_about(cost);
    vm_turn();
}

static long result_of(long result) {
    if (result >= 0 || result < -4095) return result;
    errno = (int)-result;
    return -1;
}

static long futex_wait(const uint32_t *word, uint32_t expected, const struct timespec *timeout, int absolute, uint32_t mask) {
    vm_access(word, sizeof *word, LOAD); /* the kernel looks at it */
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != expected) return -EAGAIN;
    struct thread *self = current;
    self->counts.parks++;
    self->state = AT_FUTEX;
    self->futex = word;
    self->futex_mask = mask;
    self->woken = 0;
    self->request = (ps)++waits;
    self->turn++;
    if (timeout) {
        ps at = (ps)timeout->tv_sec * SECOND + timeout->tv_nsec * NANOSECOND;
        at += absolute ? -EPOCH_SECONDS * SECOND : self->clock;
        if (at > self->clock) self->clock = at;
        vm_event_thread(self);
    }
    vm_block();
    return self->woken ? 0 : -ETIMEDOUT;
}

/* Wakes the threads that have waited longest. */
static long futex_wake(const uint32_t *word, long most, uint32_t mask) {
    long woken = 0;
    while (woken < most) {
        struct thread *first = NULL;
        for (int index = 0; index < thread_count; index++) {
            struct thread *thread = &threads[index];
            if (thread->state != AT_FUTEX || thread->woken || thread->futex != word || !(thread->futex_mask & mask)) continue;
            if (!first || thread->request < first->request) first = thread;
        }
        if (!first) break;
        first->woken = 1;
        first->turn++;
        first->clock = current->clock + machine.wake;
        vm_event_thread(first);
        woken++;
    }
    if (woken) current->clock += machine.wake_call;
    return woken;
}

/* For what stands in for the C library's locks. */
long vm_futex_wait(const uint32_t *word, uint32_t expected) {
    charge(machine.futex_wait);
    return futex_wait(word, expected, NULL, 0, ~0u);
}
long vm_futex_wake(const uint32_t *word, long most) {
    charge(machine.syscall);
    return futex_wake(word, most, ~0u);
}

static long membarrier(long command) {
    switch (command) {
    case MEMBARRIER_CMD_QUERY:
        return MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
        return 0;
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
        if (!current) return 0;
        current->clock += machine.membarrier;
        for (int index = 0; index < thread_count; index++) {
            int runs = threads[index].state == RUNNABLE || threads[index].state == AT_LINE;
            if (runs && threads[index].core != current->core) current->clock += machine.membarrier_core;
        }
        vm_turn();
        return 0;
    default:
        return -EINVAL;
    }
}

long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    if (number == SYS_getrandom) {
        memset((void *)a, 0x5a, (size_t)b);
        return b;
    }
    if (number == SYS_membarrier) {
        if (current) charge(machine.syscall);
        return result_of(membarrier(a));
    }
    if (!current) return result_of(vm_raw_syscall(number, a, b, c, d, e, f));
    int command = number == SYS_futex ? b & FUTEX_CMD_MASK : -1;
    charge(command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET ? machine.futex_wait : machine.syscall);
    if (number != SYS_futex) return result_of(vm_raw_syscall(number, a, b, c, d, e, f));
    const uint32_t *word = (const uint32_t *)a;
    switch (command) {
    case FUTEX_WAIT:
        return result_of(futex_wait(word, (uint32_t)c, (const struct timespec *)d, 0, ~0u));
    case FUTEX_WAIT_BITSET:
        return result_of(futex_wait(word, (uint32_t)c, (const struct timespec *)d, 1, (uint32_t)f));
    case FUTEX_WAKE:
        return futex_wake(word, c, ~0u);
    case FUTEX_WAKE_BITSET:
        return futex_wake(word, c, (uint32_t)f);
    default:
        vm_fail("a futex operation that the virtual machine does not know");
    }
}

/* One thread has each core to itself, so there is nobody to yield to. */
int sched_yield(void) {
    if (!current) return (int)result_of(vm_raw_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0));
    charge(machine.yield_);
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (!current) return (int)result_of(vm_raw_syscall(SYS_clock_gettime, clock, (long)now, 0, 0, 0, 0));
    current->clock += machine.clock;
    now->tv_sec = EPOCH_SECONDS + current->clock / SECOND;
    now->tv_nsec = current->clock % SECOND / NANOSECOND;
    return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *left) {
    if (!current) return (int)-vm_raw_syscall(SYS_clock_nanosleep, clock, flags, (long)request, (long)left, 0, 0);
    ps at = (ps)request->tv_sec * SECOND + request->tv_nsec * NANOSECOND;
    at += flags & TIMER_ABSTIME ? -EPOCH_SECONDS * SECOND : current->clock;
    charge(machine.syscall);
    if (at > current->clock) current->clock = at;
    current->clock += machine.wake;
    vm_turn();
    return 0;
}

int nanosleep(const struct timespec *request, struct timespec *left) {
    int error = clock_nanosleep(CLOCK_MONOTONIC, 0, request, left);
    if (!error) return 0;
    errno = error;
    return -1;
}

int usleep(useconds_t time) {
    struct timespec request = {time / 1000000, time % 1000000 * 1000};
    return nanosleep(&request, NULL);
}

/* Of no file it is a sleep. */
int poll(struct pollfd *files, nfds_t count, int timeout) {
    if (!current) return (int)result_of(vm_raw_syscall(SYS_poll, (long)files, (long)count, timeout, 0, 0, 0));
    if (count || timeout < 0) vm_fail("the list waits for a file, which the virtual machine does not know");
    struct timespec request = {timeout / 1000, timeout % 1000 * 1000000};
    return nanosleep(&request, NULL);
}

/* All simulated threads share the kernel's mask of one thread, in which the breakpoints' signal must not be blocked. */
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old) {
    if (!current) return (int)-vm_raw_syscall(SYS_rt_sigprocmask, how, (long)set, (long)old, 8, 0, 0);
    if (old) memset(old, 0, sizeof *old);
    return 0;
}

/* Seeds of hash tables. Not random, so that tables are alike in every run. */
ssize_t getrandom(void *bytes, size_t size, unsigned flags) {
    (void)flags;
    memset(bytes, 0x5a, size);
    return (ssize_t)size;
}

/* The virtual machine's cores, once there is one: libraries size their structures by the number of processors. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set) {
    if (!machine.cores) {
        long bytes = vm_raw_syscall(SYS_sched_getaffinity, pid, (long)size, (long)set, 0, 0, 0);
        if (bytes < 0) return (int)result_of(bytes);
        memset((char *)set + bytes, 0, size - (size_t)bytes);
        return 0;
    }
    memset(set, 0, size);
    for (int core = 0; core < machine.cores && (size_t)core < 8 * size; core++) CPU_SET_S(core, size, set);
    return 0;
}

/* A virtual machine is in no control group, which the standard library would count as fewer processors. */
int open64(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    int mode = va_arg(list, int);
    va_end(list);
    if (machine.cores && !strcmp(path, "/proc/self/cgroup")) {
        errno = ENOENT;
        return -1;
    }
    return (int)result_of(vm_raw_syscall(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0));
}

/* A pause instruction. */
void vm_pause(void) {
    if (!current) return;
    int error = errno;
    current->counts.pauses++;
    current->ahead = FAR; /* looks no further */
    current->clock += vm_about(machine.pause);
    vm_turn(); /* may switch to other threads, from inside a handler: its frame lies on this thread's own stack */
    errno = error;
}

static void on_pause(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    vm_pause();
}

/* Takes over the pause instructions at these addresses of a file that was loaded at `base`. */
void vm_take_pauses(const uint64_t *addresses, size_t count, uint64_t base) {
    struct sigaction action = {.sa_sigaction = on_pause, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    sigaction(SIGTRAP, &action, NULL);
    for (size_t index = 0; index < count; index++) {
        unsigned char *instruction = (unsigned char *)(base + addresses[index]);
        if (instruction[0] != 0xf3 || instruction[1] != 0x90) vm_fail("the list of pause instructions is of another build");
        void *page = (void *)((base + addresses[index]) & ~4095ull);
        if (mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC)) vm_fail("the program's text cannot be written");
        instruction[0] = 0xcc; /* int3; the 0x90 that follows is a nop */
        if (mprotect(page, 8192, PROT_READ | PROT_EXEC)) vm_fail("the program's text cannot be protected again");
    }
}
