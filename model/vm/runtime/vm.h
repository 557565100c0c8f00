/* The virtual machine: what its parts know of each other. thread.c explains how it works. */
#ifndef HEADLOCK_VM_H
#define HEADLOCK_VM_H

#include <stddef.h>
#include <stdint.h>

/* Virtual time, ps. Whole numbers, so that sums are the same everywhere. */
typedef int64_t ps;

enum {
    MAX_THREADS = 512,
    MAX_CORES = 512,
    MAX_LEVELS = 8,
    LINE = 64, /* bytes in a cache line */
    MISSES = 10, /* loads, and stores, of a core that wait for their lines at once, at most */
};

/* A group of cores: any two of the same group, and of no smaller one, take `latency` to hand a line over. */
struct level {
    int cores; /* cores in such a group; groups are aligned */
    ps latency;
};

/* The machine. Times in ps. Mirrored by `Machine` in src/machine.rs. */
struct machine {
    int cores;
    int levels;
    struct level level[MAX_LEVELS]; /* from the smallest group to the whole machine */
    ps plain;                       /* a plain load or store of a line that is here, with the instructions around it */
    ps load;                        /* an atomic load of a line that is here */
    ps store;                       /* an atomic store of a line that is ours */
    ps rmw;                         /* a read-modify-write of a line that is ours */
    ps fence;                       /* a sequentially consistent fence */
    ps call;                        /* a call that was not inlined */
    ps memory;                      /* a line that no cache has */
    ps pause;                       /* a pause instruction in a spinning loop */
    ps alloc;                       /* malloc, free */
    ps syscall;                     /* into the kernel and back */
    ps futex_wait;                  /* a futex wait until the kernel looks at the word */
    ps yield_;                      /* sched_yield that finds nobody else to run */
    ps wake;                        /* from a futex wake until the woken thread runs */
    ps wake_call;                   /* what a futex wake that wakes somebody takes its caller */
    ps clock;                       /* reading the clock */
    ps membarrier;                  /* membarrier(2), private expedited: the call */
    ps membarrier_core;             /* and for each other core that runs a thread of the process */
    ps read_service;                /* how long a shared line keeps the next reader waiting */
    ps apart;                       /* a line that a store waits for comes so long after the one before, at least */
    ps window;                      /* how much later work a processor has begun while a load waits for its line */
    int stay_pair;                  /* thousandths: mean operations of a core on a line before it goes to the only one that waits */
    int stay_queue;                 /* thousandths: the same where very many wait */
    int near_first;                 /* whether waiting cores nearby are served before those further off */
    ps slack;                       /* how far a thread may run ahead on lines that only it has touched */
};

/* Farther ahead than any processor looks, ps. */
#define FAR ((ps)1 << 60)

/* What one thread did since the counters were last reset. Mirrored by `Counts` in src/machine.rs. */
struct counts {
    uint64_t plain_loads, plain_stores, loads, stores, rmws, fences;
    uint64_t lines_read, lines_written;   /* distinct */
    uint64_t lines_fetched, lines_taken;  /* that another thread wrote since; that others had and this one wrote */
    uint64_t allocations, frees, syscalls, parks, pauses;
    uint64_t waited;                      /* ps that requests for lines stood in a queue */
};

enum state { RUNNABLE, AT_LINE, AT_FUTEX, ENDED };

struct thread {
    int index, core;
    int used;             /* whether the slot is a thread's */
    int helper;           /* whether the program made it itself, while it ran: it may outlive a simulation */
    enum state state;
    ps clock;
    ps request;           /* AT_LINE: when it asked */
    int wants_write;      /* AT_LINE */
    ps operation;         /* AT_LINE: what the access costs once the line is here */
    uint64_t changed;     /* the line, by its address, that its last step was a read-modify-write of; 0 if it was anything else */
    ps drained;           /* when the last of its stores will have reached the cache */
    ps stored[MISSES];    /* when the lines of its last stores that missed will have come, the oldest at `stores` */
    unsigned stores;      /* how many there were */
    ps stalled;           /* when it began to wait for a line, or for loads before a read-modify-write */
    ps ahead;             /* work since, in which its processor asked for lines early if it is no more than `window` */
    int begun_early;      /* lines that it asked for so */
    ps arrived;           /* when the last line came that it waited for */
    uint64_t answer[MISSES + 1]; /* what it read since of lines that it waited for, which may be addresses */
    int answers;          /* how many there are */
    ps credit;            /* work that is done already, beside accesses that took time */
    int next;             /* AT_LINE: the next in the line's queue; -1 for none */
    const void *futex;    /* AT_FUTEX */
    uint32_t futex_mask;
    int woken;            /* AT_FUTEX: whether by a wake, and not by its timeout */
    int begun;            /* whether it has done an operation that was measured */
    uint64_t turn;        /* invalidates events of an earlier wait */
    uint64_t epoch;       /* of `counts`, for distinct lines */
    struct counts counts;
    /* Its processor state while it is not running. */
    void *stack_pointer;
    uint64_t thread_pointer;
    void (*start)(void *);
    void *argument;
};

extern struct machine machine;
extern struct thread threads[MAX_THREADS];
extern struct thread *current; /* the simulated thread that runs; NULL outside of the simulation */
extern int thread_count; /* slots that may be used */

/* thread.c */
void vm_turn(void);               /* lets everybody run whose clock is behind the current thread's */
void vm_block(void);              /* hands over until somebody makes the current thread runnable */
void vm_event_thread(struct thread *thread);
void vm_event_line(uint32_t line, ps at);
_Noreturn void vm_fail(const char *what);
long vm_raw_syscall(long number, long a, long b, long c, long d, long e, long f);

/* system.c */
long vm_futex_wait(const uint32_t *word, uint32_t expected);
long vm_futex_wake(const uint32_t *word, long most);
void vm_pause(void);

/* line.c */
enum access { PLAIN_LOAD, PLAIN_STORE, LOAD, STORE, STORE_FENCED, RMW };
void vm_access(const volatile void *address, size_t size, enum access access);
void vm_between(void);             /* the current thread does something that is no access of memory */
void vm_drain(void);               /* waits for the current thread's loads and stores */
void vm_spend(ps cost);            /* the current thread works so long, less what it has done already */
void vm_line_free(uint32_t line, ps at); /* the line's time has come to go on to the next core */
void vm_lines_at_rest(void);
uint64_t vm_random(void);
ps vm_about(ps time);              /* drawn from a tenth less to a tenth more */

/* memory.c */
void *vm_region(size_t bytes);    /* zeroed memory at an address that is the same in every run */

#endif
