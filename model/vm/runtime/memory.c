/* Memory at addresses that are the same in every run: parking_lot and haphazard choose a bucket by address, and which objects share a
 * cache line is part of what is modelled.
 *
 * malloc's blocks follow each other as glibc's do: eight bytes of header, sizes of 16 bytes more each time, from 32 on. Each simulated thread
 * takes its blocks from an arena of its own. As with glibc, a freed one goes to a cache of the thread that frees it, last in first out, if
 * it has no more than 1,032 bytes and the cache fewer than seven of its size. Else it goes back to the arena that it was cut from, under
 * that arena's lock: a large block that another thread frees is its maker's again, whose core has its lines. What this touches costs what
 * it costs, and is not counted. Each arena has a range of addresses of its own, so where a thread's blocks lie depends on nothing but what it asked for. The driver has
 * two arenas: one for what depends on where the program was started, and from vm_fresh_arena() on another. Only one thread runs at a
 * time (thread.c), so nothing is locked. */
#define _GNU_SOURCE
#include "vm.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define BASE ((char *)0x200000000000)
#define REGIONS (1ull << 36) /* stacks and the virtual machine's own tables */
#define ARENA (1ull << 29)
#define ARENAS (MAX_THREADS + 2)

enum { SMALL = 1040, CLASSES = SMALL / 16 + 48, CACHES = SMALL / 16 + 1, CACHED = 7 };

struct header {
    uint32_t class; /* index of the free list */
    uint32_t skip;  /* bytes from the block's start to the payload */
};

static char *next_region;

static void reserve(void) {
    next_region = mmap(BASE, REGIONS + ARENAS * ARENA, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (next_region != BASE) vm_fail("the address range from 0x200000000000 on cannot be had");
}

void *vm_region(size_t bytes) {
    if (!next_region) reserve();
    char *region = next_region;
    next_region += (bytes + 4095) & ~4095ull;
    if (next_region > BASE + REGIONS) vm_fail("out of memory");
    return region;
}

struct arena {
    _Alignas(LINE) uint64_t lock;
    char *at;
    void *freed[CLASSES];
    /* Its thread's cache, and how many blocks of each class it has. */
    _Alignas(LINE) void *cached[CACHES];
    uint8_t count[CACHES];
};
static struct arena arenas[ARENAS]; /* the simulated threads', and two of the driver's */
static int drivers = MAX_THREADS;

void vm_fresh_arena(void) { drivers = MAX_THREADS + 1; }

/* The list for a block, and the block's size. */
static uint32_t class_of(size_t *block) {
    if (*block <= 32) *block = 32;
    if (*block <= SMALL) {
        *block = (*block + 15) & ~15ull;
        return (uint32_t)(*block / 16);
    }
    int log = 64 - __builtin_clzll(*block - 1);
    *block = 1ull << log;
    return (uint32_t)(SMALL / 16 + log - 9);
}

/* An access of the allocator's own, which costs what it costs and is counted as part of the call. */
static void own_access(const void *address, size_t size, enum access access) {
    if (!current) return;
    struct counts counts = current->counts;
    vm_access(address, size, access);
    current->counts = counts;
}

/* Blocks that the thread's cache does not hold are an arena's, under its lock. */
static void lock_and_unlock(struct arena *arena) {
    own_access(&arena->lock, sizeof arena->lock, RMW);
    own_access(&arena->lock, sizeof arena->lock, RMW);
}

static void push(void **list, char *start) {
    memcpy(start + 16, list, sizeof *list);
    *list = start;
}

static char *pop(void **list) {
    char *start = *list;
    if (start) memcpy(list, start + 16, sizeof *list);
    return start;
}

static void *allocate(size_t size, size_t align) {
    if (current) {
        current->counts.allocations++;
        vm_spend(machine.alloc);
    }
    if (size > ARENA / 4) return NULL;
    size_t block = size + 8 + (align > 16 ? align : 0);
    uint32_t class = class_of(&block);
    int number = current ? current->index : drivers;
    struct arena *arena = &arenas[number];
    char *start = NULL;
    if (class < CACHES && arena->count[class]) {
        arena->count[class]--;
        start = pop(&arena->cached[class]);
    } else {
        lock_and_unlock(arena);
        start = pop(&arena->freed[class]);
    }
    if (start) own_access(start + 16, sizeof(void *), PLAIN_LOAD);
    if (!start) {
        char *base = BASE + REGIONS + (size_t)number * ARENA;
        if (!next_region) reserve();
        if (!arena->at) arena->at = base;
        if (arena->at + block + 16 > base + ARENA) return NULL;
        start = arena->at;
        arena->at += block;
    }
    char *payload = start + 16;
    if (align > 16) payload = (char *)(((uintptr_t)payload + align - 1) & ~(align - 1));
    ((struct header *)payload)[-1] = (struct header){class, (uint32_t)(payload - start)};
    return payload;
}

void *malloc(size_t size) { return allocate(size, 16); }

void free(void *payload) {
    if (!payload) return;
    if (current) {
        current->counts.frees++;
        vm_spend(machine.alloc);
    }
    struct header header = ((struct header *)payload)[-1];
    char *start = (char *)payload - header.skip;
    own_access(start + 16, sizeof(void *), PLAIN_STORE);
    struct arena *own = &arenas[current ? current->index : drivers];
    if (header.class < CACHES && own->count[header.class] < CACHED) {
        own->count[header.class]++;
        push(&own->cached[header.class], start);
        return;
    }
    struct arena *from = &arenas[(start - BASE - REGIONS) / ARENA];
    lock_and_unlock(from);
    push(&from->freed[header.class], start);
}

void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *payload = allocate(bytes, 16);
    return payload ? memset(payload, 0, bytes) : NULL;
}

/* Bytes from the payload to the end of its block. */
static size_t room(void *payload) {
    struct header header = ((struct header *)payload)[-1];
    size_t block = header.class <= SMALL / 16 ? header.class * 16ull : 1ull << (header.class - SMALL / 16 + 9);
    return block + 8 - header.skip;
}

void *realloc(void *payload, size_t size) {
    if (!payload) return malloc(size);
    size_t have = room(payload);
    if (size <= have && ((struct header *)payload)[-1].skip == 16) return payload;
    void *moved = allocate(size, 16);
    if (moved) {
        memcpy(moved, payload, have < size ? have : size);
        free(payload);
    }
    return moved;
}

int posix_memalign(void **payload, size_t align, size_t size) {
    *payload = allocate(size, align);
    return *payload ? 0 : ENOMEM;
}
void *aligned_alloc(size_t align, size_t size) { return allocate(size, align); }
void *memalign(size_t align, size_t size) { return allocate(size, align); }
size_t malloc_usable_size(void *payload) { return payload ? room(payload) : 0; }
