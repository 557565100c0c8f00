/* Simulated threads and the virtual clock.
 *
 * The virtual machine has N cores and one thread on each. The program's code is compiled with ThreadSanitizer's instrumentation,
 * which calls a function before every access to memory (tsan.c). The function adds to the thread's virtual clock what the access
 * would cost on the machine that is described: little if the core has the cache line, a transfer if not (line.c).
 *
 * Who runs when. One thread runs at a time, in truth as well: all of them are coroutines on one thread of the kernel. Before a
 * thread touches a line that others use it waits until no other clock is behind its own, so accesses to shared lines happen in the
 * order of virtual time. A thread may run ahead by `slack` while it touches lines that only it has ever touched; what it does there
 * nobody else can have seen. The scheduler always resumes the earliest event: a thread whose clock is least, or a line whose time has
 * come to go on to the next core that waits for it. Events of the same time go by number, lines first.
 *
 * Why values are right. Accesses happen one after the other, each for good before the next begins, so every value is one that a
 * sequentially consistent machine could have read. What processors do beyond that (store buffers) is not shown. A thread that waits
 * for a line has not done its access yet; it does it when the line is granted.
 *
 * Why two runs are alike, bit for bit. Nothing that is computed depends on real time, on another thread of the kernel, or on an
 * address that the system chose: heap, stacks and thread-local storage lie where memory.c puts them, the program is linked at a
 * fixed address, lines get numbers in the order in which they are first touched, the kernel is not asked for time, random numbers
 * or the number of processors (system.c), and a thread does not start before its clock does. Time is counted in whole picoseconds.
 *
 * Thread-local storage is real. For each simulated thread a thread of the kernel is created that lends its thread pointer and sleeps
 * until the simulation is over; then it ends, which runs the destructors of thread-local values, one thread after the other.
 *
 * A library may make threads of its own while it is simulated (liburcu's, which frees what readers have left). They are simulated
 * too, on the machine's last core, whoever else has it. The simulation is over when everybody else has ended and they sleep; those
 * that have not ended sleep on into the next one.
 */
#define _GNU_SOURCE
#include "vm.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the virtual machine switches threads in x86-64 assembly"
#endif

enum { STACK = 512 << 10, LENT_STACK = 256 << 10 };

struct machine machine;
struct thread threads[MAX_THREADS];
struct thread *current;
int thread_count;

/* The threads of the kernel that lend their thread pointers. */
typedef int create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static create *real_create; /* the C library's pthread_create */
static pthread_t lender[MAX_THREADS];
static volatile int lender_ready[MAX_THREADS], lender_leave[MAX_THREADS];
static void *lender_stack[MAX_THREADS], *stack[MAX_THREADS];

/* The scheduler's own processor state, while a simulated thread runs. */
static void *scheduler_stack_pointer;
static uint64_t scheduler_thread_pointer;

long vm_raw_syscall(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

void vm_fail(const char *what) {
    static const char prefix[] = "headlock-vm: error: ";
    vm_raw_syscall(SYS_write, 2, (long)prefix, sizeof prefix - 1, 0, 0, 0);
    vm_raw_syscall(SYS_write, 2, (long)what, (long)strlen(what), 0, 0, 0);
    vm_raw_syscall(SYS_write, 2, (long)"\n", 1, 0, 0, 0);
    vm_raw_syscall(SYS_exit_group, 1, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

/* ---- The thread pointer, which the processor lets us write if the kernel has allowed it. */

static int may_write_thread_pointer;

static uint64_t thread_pointer(void) {
    uint64_t value;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(value)); /* x86-64 keeps it in its own first word */
    return value;
}

static void set_thread_pointer(uint64_t value) {
    if (may_write_thread_pointer) {
        __asm__ volatile("wrfsbase %0" : : "r"(value) : "memory");
    } else {
        vm_raw_syscall(SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */, (long)value, 0, 0, 0, 0);
    }
}

/* ---- Events: a binary heap of (time, lines first, number). */

struct event {
    ps at;
    uint64_t turn; /* of a thread; all ones for a line */
    uint32_t number;
};
static struct event *heap;
static size_t heap_len, heap_cap;

static int before(const struct event *a, const struct event *b) {
    if (a->at != b->at) return a->at < b->at;
    int a_line = a->turn == UINT64_MAX, b_line = b->turn == UINT64_MAX;
    if (a_line != b_line) return a_line;
    return a->number < b->number;
}

static void push(struct event event) {
    if (!heap) {
        heap_cap = 1 << 20;
        heap = vm_region(heap_cap * sizeof *heap);
    }
    if (heap_len == heap_cap) vm_fail("too many events at once");
    size_t hole = heap_len++;
    while (hole && before(&event, &heap[(hole - 1) / 2])) {
        heap[hole] = heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    heap[hole] = event;
}

static struct event pop(void) {
    struct event first = heap[0], last = heap[--heap_len];
    size_t hole = 0;
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child >= heap_len) break;
        if (child + 1 < heap_len && before(&heap[child + 1], &heap[child])) child++;
        if (!before(&heap[child], &last)) break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = last;
    return first;
}

void vm_event_thread(struct thread *thread) {
    push((struct event){thread->clock, thread->turn, (uint32_t)thread->index});
}

void vm_event_line(uint32_t line, ps at) { push((struct event){at, UINT64_MAX, line}); }

/* ---- Switching. */

/* Saves what a called function must preserve, and goes on where `to` stopped. */
void vm_switch(void **from, void *to);
__asm__(".text\n"
        ".globl vm_switch\n"
        ".type vm_switch,@function\n"
        "vm_switch:\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rsp, (%rdi)\n"
        "  mov %rsi, %rsp\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
        "  ret\n"
        ".size vm_switch,.-vm_switch\n");

static void to_scheduler(void) {
    struct thread *self = current;
    set_thread_pointer(scheduler_thread_pointer);
    vm_switch(&self->stack_pointer, scheduler_stack_pointer);
}

static void entry(void) {
    current->start(current->argument);
    current->state = ENDED;
    to_scheduler();
    __builtin_unreachable();
}

/* Whether the earliest event comes before the current thread's next step: lines go before threads of the same time. */
static int somebody_first(void) {
    return heap_len && (heap[0].at < current->clock || (heap[0].at == current->clock && heap[0].turn == UINT64_MAX));
}

void vm_turn(void) {
    while (somebody_first()) {
        current->turn++;
        vm_event_thread(current);
        to_scheduler();
    }
}

void vm_block(void) { to_scheduler(); }

/* Takes a value that the program computed, which must therefore be computed, without an access of the program's. */
void vm_sink(int64_t value) { (void)value; }

/* How far the current thread may go on without a look at the others. */
ps vm_horizon(void) { return heap_len ? heap[0].at : INT64_MAX; }

/* ---- For the driver. */

static uint64_t serial;

static void *lend(void *argument) {
    int index = (int)(intptr_t)argument;
    threads[index].thread_pointer = thread_pointer();
    __atomic_store_n(&lender_ready[index], 1, __ATOMIC_RELEASE);
    vm_raw_syscall(SYS_futex, (long)&lender_ready[index], FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    while (!__atomic_load_n(&lender_leave[index], __ATOMIC_ACQUIRE)) {
        vm_raw_syscall(SYS_futex, (long)&lender_leave[index], FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
    }
    return NULL;
}

/* The machine that the threads to come run on. */
void vm_machine(const struct machine *described) {
    if (described->cores < 1 || described->cores > MAX_CORES) vm_fail("a machine has 1 to 512 cores");
    if (described->levels < 1 || described->levels > MAX_LEVELS) vm_fail("a machine has 1 to 8 levels");
    machine = *described;
}

/* Threads of the simulation that the driver made. */
static int players;

/* Makes a thread in the first free slot. */
static struct thread *make(int core, ps at, void (*start)(void *), void *argument) {
    int index = 0;
    while (index < MAX_THREADS && threads[index].used) index++;
    if (index == MAX_THREADS) vm_fail("more than 512 simulated threads");
    if (core < 0 || core >= machine.cores) vm_fail("a thread's core is not on the machine");
    may_write_thread_pointer = (getauxval(AT_HWCAP2) & 2) != 0; /* HWCAP2_FSGSBASE */
    /* What the C library allocates for the thread is not the program's. */
    struct thread *maker = current;
    current = NULL;
    if (!stack[index]) {
        stack[index] = vm_region(STACK);
        lender_stack[index] = vm_region(LENT_STACK);
    }
    lender_ready[index] = lender_leave[index] = 0;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) || pthread_attr_setstack(&attributes, lender_stack[index], LENT_STACK) ||
        pthread_create(&lender[index], &attributes, lend, (void *)(intptr_t)index)) {
        vm_fail("the system gives no more threads");
    }
    pthread_attr_destroy(&attributes);
    while (!__atomic_load_n(&lender_ready[index], __ATOMIC_ACQUIRE)) {
        vm_raw_syscall(SYS_futex, (long)&lender_ready[index], FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
    }
    current = maker;
    struct thread *thread = &threads[index];
    uint64_t lent = thread->thread_pointer;
    memset(thread, 0, sizeof *thread);
    thread->thread_pointer = lent;
    thread->index = index;
    thread->used = 1;
    thread->core = core;
    thread->clock = at;
    thread->next = -1;
    thread->ahead = FAR;
    thread->start = start;
    thread->argument = argument;
    /* Six registers and the address to return to; the stack is then as after a call. */
    uint64_t *top = (uint64_t *)((char *)stack[index] + STACK - 64);
    top[0] = (uint64_t)entry;
    thread->stack_pointer = top - 6;
    thread->epoch = ++serial << 32 | 1; /* threads of earlier runs had other numbers */
    if (thread_count <= index) thread_count = index + 1;
    vm_event_thread(thread);
    return thread;
}

/* Makes a thread on a core, to run `start(argument)` from `at` on. Answers its number. */
int vm_spawn(int core, ps at, void (*start)(void *), void *argument) {
    players++;
    return make(core, at, start, argument)->index;
}

/* A thread that the program makes while it is simulated is a helper. */
int pthread_create(pthread_t *made, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    if (!current) {
        if (!real_create) real_create = (create *)dlsym(RTLD_NEXT, "pthread_create");
        return real_create(made, attributes, start, argument);
    }
    current->counts.syscalls++;
    current->clock += machine.syscall;
    /* What it answers goes nowhere, since nobody can join it. */
    struct thread *thread = make(machine.cores - 1, current->clock + machine.wake, (void (*)(void *))(void *)start, argument);
    thread->helper = 1;
    *made = lender[thread->index];
    return 0;
}

/* How long helpers may go on when everybody else has ended, ps. */
static const ps LONGEST_REST = 1000000000000;

/* Runs the simulation until all threads have ended, and ends the threads that lent their thread pointers. */
void vm_run(void) {
    scheduler_thread_pointer = thread_pointer();
    vm_lines_at_rest();
    int running = players;
    ps ended = 0;
    while (heap_len) {
        struct event event = pop();
        if (event.turn == UINT64_MAX) {
            vm_line_free(event.number, event.at);
            continue;
        }
        struct thread *thread = &threads[event.number];
        if (thread->state == ENDED || event.turn != thread->turn) continue;
        if (thread->state == AT_FUTEX) thread->clock = event.at; /* its timeout, or a wake */
        if (!running && thread->clock > ended + LONGEST_REST) vm_fail("a thread that the list has made never rests");
        thread->state = RUNNABLE;
        current = thread;
        set_thread_pointer(thread->thread_pointer);
        vm_switch(&scheduler_stack_pointer, thread->stack_pointer);
        current = NULL;
        if (thread->state == ENDED && !thread->helper) {
            running--;
            ended = thread->clock;
        }
    }
    if (running) vm_fail("every simulated thread waits for another");
    players = 0;
    int slots = 0;
    for (int index = 0; index < thread_count; index++) {
        struct thread *thread = &threads[index];
        if (!thread->used) continue;
        if (thread->state != ENDED) {
            /* A helper that sleeps. The next simulation begins at time zero. */
            thread->clock = thread->drained = thread->arrived = thread->stalled = 0;
            memset(thread->stored, 0, sizeof thread->stored);
            slots = index + 1;
            continue;
        }
        __atomic_store_n(&lender_leave[index], 1, __ATOMIC_RELEASE);
        vm_raw_syscall(SYS_futex, (long)&lender_leave[index], FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
        if (pthread_join(lender[index], NULL)) vm_fail("a thread could not be joined");
        thread->used = 0;
    }
    thread_count = slots;
}

struct call {
    void (*function)(void *);
    void *argument;
};
static void *make_call(void *call) {
    ((struct call *)call)->function(((struct call *)call)->argument);
    return NULL;
}

/* Calls the driver on a stack whose address is the same in every run: what simulated threads borrow from it is part of what they touch. */
void vm_on_fixed_stack(void (*function)(void *), void *argument) {
    enum { DRIVER_STACK = 8 << 20 };
    struct call call = {function, argument};
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) || pthread_attr_setstack(&attributes, vm_region(DRIVER_STACK), DRIVER_STACK) ||
        pthread_create(&thread, &attributes, make_call, &call) || pthread_join(thread, NULL)) {
        vm_fail("the system gives no more threads");
    }
    pthread_attr_destroy(&attributes);
}

/* The running thread's clock, ps; 0 outside of the simulation. */
ps vm_now(void) { return current ? current->clock : 0; }

/* Work that touches no memory. Less than nothing is what accesses to come take less than their sum, since they overlap. */
void vm_work(ps time) {
    if (!current) return;
    vm_between();
    if (time > 0) {
        current->clock += time;
        current->ahead += time;
    } else if (time < 0) {
        current->credit = (current->credit < machine.window ? current->credit : machine.window) - time;
    }
}

/* Lets everybody run until their clocks have reached `at`. */
void vm_wait_until(ps at) {
    if (!current) return;
    if (current->clock < at) current->clock = at;
    vm_turn();
}

/* Threads that meet wait for each other, and go on at the same time. */
void vm_meet(int parties) {
    static uint32_t met; /* how many wait; its address is what they wait for */
    if (!current) return;
    vm_drain();
    vm_turn();
    if ((int)++met < parties) {
        current->state = AT_FUTEX;
        current->futex = &met;
        current->futex_mask = 0; /* no wake is for it */
        current->turn++;
        vm_block();
        return;
    }
    met = 0;
    for (int index = 0; index < thread_count; index++) {
        struct thread *thread = &threads[index];
        if (thread->state != AT_FUTEX || thread->futex != &met) continue;
        thread->turn++;
        thread->clock = current->clock;
        vm_event_thread(thread);
    }
}

/* Ends the process, and does nothing else: a library's destructors may wait for threads that are not simulated any more. */
_Noreturn void vm_leave(int status) {
    vm_raw_syscall(SYS_exit_group, status, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

/* Forgets what the running thread counted. */
void vm_reset_counts(void) {
    if (!current) return;
    current->epoch++;
    memset(&current->counts, 0, sizeof current->counts);
}

/* What the running thread counted since. */
void vm_read_counts(struct counts *counts) {
    if (current) *counts = current->counts;
}

/* ---- The phases of a play: one decision for all threads, kept here so that looking at it is no access of the program's. */

static ps warm_up_until, least, most;
static uint64_t operations_wanted, operations_done;
static int over, threads_begun;

void vm_phases(ps warm_up, ps least_time, ps most_time, uint64_t operations) {
    warm_up_until = warm_up;
    least = warm_up + least_time;
    most = warm_up + most_time;
    operations_wanted = operations;
    operations_done = 0;
    over = threads_begun = 0;
}

void vm_finished_operation(void) {
    operations_done++;
    threads_begun += !current->begun;
    current->begun = 1;
}

/* 0 before measuring, 1 while measuring, 2 after. No thread is left without an operation, if it gets one before the longest time is up. */
int vm_phase(void) {
    ps now = vm_now();
    if (now < warm_up_until) return 0;
    over |= now >= most || (now >= least && operations_done >= operations_wanted && threads_begun == players);
    return over ? 2 : 1;
}
