/* What an access costs: a directory of cache lines.
 *
 * A line is in one core's cache alone (`owner`), or in any number of them to be read (`holders`), as in MESI with M and E taken
 * together. A load of a line that the core has and a write of a line that it has alone cost what the machine's description says.
 * Anything else is a transfer from the nearest core that has it, or for a write from the farthest, since all must give it up.
 *
 * One transfer of a line at a time. Requests that find it under way, or the line at work, queue. A core that gets a line to write
 * keeps it for a number of operations, `stay_pair` of them on average where one core waits and up to `stay_queue` where many do:
 * measured machines do several before the line goes on, and a model without that is wrong by that factor. Read-modify-writes of a
 * thread with nothing between them are one such operation: the next is in the processor before the line could be asked for.
 *
 * Of those that wait the oldest goes first; or, if the machine does so (`near_first`), the oldest nearby, once in a visit. A visit to a
 * group of cores ends as well when the request of a core outside can have come: the directory hears where the line is, and sends
 * the request on, so that is a transfer to the next larger group and back after the line's arrival.
 *
 * Half of a transfer is the request's way. Until it has come, whoever has the line goes on with it (`past_until`); a request that queued
 * has come before its turn, so that such a transfer takes half. The access is done when the line has come, so that it sees, and fails or
 * succeeds by, what was done there until then.
 *
 * A store that has to fetch its line does not keep the thread waiting: it stands in the store buffer, and the thread goes on. Up to
 * MISSES lines are under way at once; stores reach the cache in order, each `apart` after the one before or later. A read-modify-write
 * and a fence wait until all earlier stores have got their lines, as they do on x86-64. A store to a line that is under way or has
 * others waiting queues like a load.
 *
 * While a load or a read-modify-write waits for its line, the processor looks ahead, as far as `window` of work, and asks for the lines
 * of later accesses whose address it knows: they come `apart` after each other (`asked`). It does so no more if such a line was at work
 * since, or lost, or if the address was read meanwhile, or after a queue, a fence, a pause or a call of the kernel. Of the work after a
 * load `window` is done meanwhile (`credit`), unless the line was taken from the core while it was using it: then what it had begun
 * is thrown away.
 *
 * A load of a line that another core has changed takes it over whole, as measured between two cores of an Intel Xeon: the reader's
 * own change then finds it there, and the first core has to fetch it again.
 *
 * A line that is read by many goes from reader to reader in `read_service` each, the first one's transfer apart. */
#include "vm.h"

#include <string.h>

#define MAX_LINES (1u << 22)
#define SLOTS (1u << 23)
#define NOBODY (-1)
/* Between the end of a stay and the line's departure, ps: a read-modify-write that follows at once on another still finds the line. */
#define DEPARTURE 1
/* An access so few bytes behind an address is to what lies there. */
#define NODE 256

struct line {
    uint64_t holders[MAX_CORES / 64];
    int owner;                /* the core that has it alone, or NOBODY */
    int first, last, waiting; /* the queue of threads, oldest first */
    ps free_at;               /* when it can go to another core */
    ps visit[MAX_LEVELS];     /* when it came to the group of cores that it is in, by level */
    uint64_t only;            /* serial number of the only thread that ever touched it; 0 if there were more */
    uint64_t read_mark, write_mark;
    int at_core;              /* where it went last */
    int last_writer;          /* the core that wrote it last */
    ps used;                  /* when it was written last */
    int past_owner;           /* the core that had it alone before, or NOBODY */
    uint64_t past_holders[MAX_CORES / 64]; /* the cores that had it before */
    ps past_until;            /* and until when they go on with it */
};

struct slot {
    uint64_t key; /* address / LINE + 1; 0 for a free slot */
    uint32_t number;
};

static struct line *lines;
static struct slot *slots;
static uint32_t line_count = 1; /* 0 is no line */
static uint64_t random_state = 1;

void vm_seed(uint64_t seed) { random_state = seed * 2 + 1; }

/* xorshift64*, S. Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016. */
uint64_t vm_random(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545F4914F6CDD1Dull;
}

/* No two rounds of a real machine are alike. With costs that always are, a thread that looks at a lock now and then can fall into step
 * with the one that takes it over and over, and finds it taken each time. */
ps vm_about(ps time) { return time - time / 10 + (ps)(vm_random() % (uint64_t)(time / 5 + 1)); }

/* Another simulation begins at time zero: nothing is under way. What the caches hold stays. */
void vm_lines_at_rest(void) {
    for (uint32_t number = 1; number < line_count; number++) {
        lines[number].free_at = lines[number].used = lines[number].past_until = 0;
        memset(lines[number].visit, 0, sizeof lines[number].visit);
    }
}

/* The line's number, given in the order of first touch. Where a line hashes to changes nothing that can be seen. */
static uint32_t number_of(uint64_t key) {
    if (!slots) {
        slots = vm_region(SLOTS * sizeof *slots);
        lines = vm_region(MAX_LINES * sizeof *lines);
    }
    /* 64 neighbours stay together, so that few pages of the table are touched. */
    uint64_t at = ((((key >> 6) * 0x9E3779B97F4A7C15ull) >> 41) & ~63ull) | (key & 63);
    while (slots[at].key && slots[at].key != key) at = (at + 1) & (SLOTS - 1);
    if (!slots[at].key) {
        if (line_count == MAX_LINES) vm_fail("more than 4 million cache lines touched; use fewer timers");
        slots[at].key = key;
        slots[at].number = line_count;
        lines[line_count].owner = lines[line_count].first = lines[line_count].last = NOBODY;
        lines[line_count].last_writer = NOBODY;
        line_count++;
    }
    return slots[at].number;
}

/* Words of a set of cores that this machine uses. */
static int words(void) { return (machine.cores + 63) / 64; }

static int holds(const struct line *line, int core) { return line->holders[core / 64] >> (core % 64) & 1; }
static int held(const struct line *line, int core) { return line->past_holders[core / 64] >> (core % 64) & 1; }
static void add_holder(struct line *line, int core) { line->holders[core / 64] |= 1ull << (core % 64); }

static int same_group(int a, int b, int cores) { return a / cores == b / cores; }

/* The level of the smallest group that both cores are in. */
static int level_of(int a, int b) {
    for (int level = 0; level < machine.levels - 1; level++) {
        if (same_group(a, b, machine.level[level].cores)) return level;
    }
    return machine.levels - 1;
}

/* How long the line takes to `core`, from the nearest holder to read, or from the farthest to write. 0 if nobody else has it. */
static ps distance(const struct line *line, int core, int write) {
    ps best = 0;
    for (int word = 0; word < words(); word++) {
        for (uint64_t bits = line->holders[word]; bits; bits &= bits - 1) {
            int holder = word * 64 + __builtin_ctzll(bits);
            if (holder == core) continue;
            ps latency = machine.level[level_of(core, holder)].latency;
            if (!best || (write ? latency > best : latency < best)) best = latency;
        }
    }
    return best;
}

static int has_other_holder(const struct line *line, int core) {
    for (int word = 0; word < words(); word++) {
        uint64_t bits = line->holders[word];
        if (word == core / 64) bits &= ~(1ull << (core % 64));
        if (bits) return 1;
    }
    return 0;
}

/* How many operations of a core the line stays for, drawn anew for each stay. */
static int64_t stay(int waiting) {
    int64_t mean = machine.stay_pair;
    if (waiting > 1) mean = machine.stay_queue - (machine.stay_queue - machine.stay_pair) / waiting;
    if (mean < 1000) mean = 1000;
    return mean / 1000 + ((int64_t)(vm_random() >> 32) * 1000 >> 32 < mean % 1000);
}

/* Gives the line, which is free from `at` on, to a thread, which gets it at `earliest` or later. Of a transfer half is the request's way to
 * who has the line. Until then that core goes on with it, and the request of one that queued has come while the line was at work. */
static void grant(struct line *line, struct thread *thread, ps at, int queued, ps earliest) {
    int core = thread->core, write = thread->wants_write;
    ps transfer = distance(line, core, write);
    int exclusive = line->owner != NOBODY;
    if (!has_other_holder(line, core) && !holds(line, core)) transfer = machine.memory;
    transfer = vm_about(transfer);
    ps arrive = at + transfer;
    if (queued && (write || exclusive)) {
        arrive = at + transfer / 2;
        if (arrive < thread->request + transfer) arrive = thread->request + transfer;
    }
    if (arrive < earliest) arrive = earliest;
    if (queued) thread->counts.waited += (uint64_t)(at - thread->request);
    if (line->only) {
        /* Nobody else knows of it. */
    } else if (write) {
        thread->counts.lines_taken += has_other_holder(line, core);
    } else {
        thread->counts.lines_fetched += line->last_writer != core && line->last_writer != NOBODY;
    }
    for (int level = 0; level < machine.levels; level++) {
        if (!same_group(core, line->at_core, machine.level[level].cores)) line->visit[level] = arrive;
    }
    line->at_core = core;
    memcpy(line->past_holders, line->holders, (size_t)words() * sizeof *line->holders);
    line->past_owner = line->owner;
    line->past_until = queued ? at : at + transfer / 2;
    if (write) {
        memset(line->holders, 0, sizeof line->holders);
        line->owner = line->last_writer = core;
        add_holder(line, core);
        line->free_at = arrive + thread->operation + (stay(line->waiting) - 1) * machine.rmw;
    } else {
        int whole = line->owner != NOBODY && line->owner == line->last_writer;
        if (whole) memset(line->holders, 0, sizeof line->holders);
        line->owner = has_other_holder(line, core) ? NOBODY : core;
        add_holder(line, core);
        line->free_at = whole ? arrive + thread->operation + (stay(line->waiting) - 1) * machine.rmw : exclusive ? arrive : at + machine.read_service;
    }
    thread->clock = arrive + thread->operation;
    if (write) line->used = thread->clock;
}

/* Who gets the line at `at`: the oldest of those that were waiting when it came into the smallest group whose visit is not over and
 * that has any such; else the oldest outside of the groups whose visits are over; else the oldest. */
static int next_of(const struct line *line, ps at) {
    int left = 0; /* cores of the largest group whose visit is over */
    if (machine.near_first) {
        for (int level = 0; level < machine.levels - 1; level++) {
            int cores = machine.level[level].cores;
            if (at - line->visit[level] > 2 * machine.level[level + 1].latency) {
                left = cores;
                continue;
            }
            for (int index = line->first; index != NOBODY; index = threads[index].next) {
                int core = threads[index].core;
                if (left && same_group(core, line->at_core, left)) continue;
                if (same_group(core, line->at_core, cores) && threads[index].request <= line->visit[level]) return index;
            }
        }
        for (int index = line->first; left && index != NOBODY; index = threads[index].next) {
            if (!same_group(threads[index].core, line->at_core, left)) return index;
        }
    }
    return line->first;
}

void vm_line_free(uint32_t number, ps at) {
    struct line *line = &lines[number];
    if (line->first == NOBODY) return;
    if (line->free_at >= at) {
        vm_event_line(number, line->free_at + DEPARTURE);
        return;
    }
    int index = next_of(line, at), previous = NOBODY;
    for (int walk = line->first; walk != index; walk = threads[walk].next) previous = walk;
    struct thread *thread = &threads[index];
    if (previous == NOBODY) {
        line->first = thread->next;
    } else {
        threads[previous].next = thread->next;
    }
    if (line->last == index) line->last = previous;
    line->waiting--;
    thread->next = NOBODY;
    if (thread->wants_write ? line->owner == thread->core : holds(line, thread->core)) {
        thread->clock = at + thread->operation; /* the core's other thread has fetched it meanwhile */
    } else {
        grant(line, thread, at, 1, 0);
    }
    thread->turn++;
    vm_event_thread(thread);
    if (line->first != NOBODY) vm_event_line(number, (line->free_at > at ? line->free_at : at) + DEPARTURE);
}

static void enqueue(uint32_t number, struct line *line, struct thread *thread) {
    if (line->first == NOBODY) {
        line->first = thread->index;
        vm_event_line(number, (line->free_at > thread->clock ? line->free_at : thread->clock) + DEPARTURE);
    } else {
        threads[line->last].next = thread->index;
    }
    line->last = thread->index;
    line->waiting++;
    thread->state = AT_LINE;
    thread->turn++;
    vm_block();
}

static uint64_t serial_of(const struct thread *thread) { return thread->epoch >> 32; }

ps vm_horizon(void);

void vm_spend(ps cost) {
    ps done = current->credit < cost ? current->credit : cost;
    current->credit -= done;
    current->clock += cost - done;
    current->ahead += cost;
}

/* Waits until all stores have got their lines. */
static void drain(struct thread *thread) {
    if (thread->clock < thread->drained) thread->clock = thread->drained;
}

void vm_drain(void) {
    drain(current);
    current->ahead = FAR;
}

/* Whether its processor looked as far ahead as this access when it began to wait, and had room for one more line. */
static int looked_ahead(const struct thread *thread) { return thread->ahead < machine.window && thread->begun_early < MISSES; }

/* The thread waits from `from` on, and its processor looks ahead meanwhile. */
static void stall(struct thread *thread, ps from) {
    thread->stalled = from;
    thread->ahead = 0;
    thread->begun_early = thread->answers = 0;
}

/* When the line was asked for that the thread's next access needs: while it waited for an earlier one, if that is not long ago and the
 * address was known by then. A line that was at work elsewhere later, or was here then and has been lost since, it has to ask for again. */
static ps asked(struct thread *thread, const struct line *line) {
    if (!looked_ahead(thread)) return thread->clock;
    ps at = thread->stalled + thread->ahead;
    if (at < line->used || at < line->free_at || (held(line, thread->core) && at < line->past_until)) return thread->clock;
    thread->begun_early++;
    return at < thread->clock ? at : thread->clock;
}

/* What waited for its line was read; it may be where the next access goes. */
static void note_answer(struct thread *thread, const void *address) {
    if (thread->answers < MISSES + 1) memcpy(&thread->answer[thread->answers++], address, sizeof *thread->answer);
}

static int depends(const struct thread *thread, uint64_t address) {
    for (int index = 0; index < thread->answers; index++) {
        if (thread->answer[index] && address - thread->answer[index] < NODE) return 1;
    }
    return 0;
}

/* Others have gone on while a load waited, so its thread's clock stays; what its processor had begun is done. */
static void ahead_of_load(struct thread *thread) {
    ps credit = thread->credit + thread->clock - thread->request;
    if (credit > machine.window) credit = machine.window;
    if (thread->credit < credit) thread->credit = credit;
}

static void touch(struct thread *thread, uint32_t number, int write, int buffered, int follows, ps cost) {
    struct line *line = &lines[number];
    uint64_t *mark = write ? &line->write_mark : &line->read_mark;
    if (*mark != thread->epoch) {
        *mark = thread->epoch;
        if (write) {
            thread->counts.lines_written++;
        } else {
            thread->counts.lines_read++;
        }
    }
    uint64_t serial = serial_of(thread);
    if (line->only == serial && line->owner == thread->core) {
        if (thread->clock > vm_horizon() + machine.slack) vm_turn();
        vm_spend(cost);
        if (write) line->last_writer = thread->core;
        return;
    }
    int cold = !has_other_holder(line, thread->core) && !holds(line, thread->core);
    if (cold && !line->only && line->last_writer == NOBODY && line->owner == NOBODY) line->only = serial;
    if (line->only == serial) {
        if (thread->clock > vm_horizon() + machine.slack) vm_turn();
        vm_spend(cost + (cold ? machine.memory : 0));
        memset(line->holders, 0, sizeof line->holders);
        add_holder(line, thread->core);
        line->owner = line->at_core = thread->core;
        if (write) line->last_writer = thread->core;
        return;
    }
    line->only = 0;
    vm_turn();
    int stay_is_over = write && line->owner == thread->core && line->first != NOBODY && line->free_at <= thread->clock && !follows;
    if (!stay_is_over && (write ? line->owner == thread->core : holds(line, thread->core))) {
        if (follows && line->free_at >= thread->clock) line->free_at += cost;
        vm_spend(cost);
        if (write) {
            line->last_writer = thread->core;
            line->used = thread->clock;
        }
        return;
    }
    if (thread->clock < line->past_until && (line->past_owner == thread->core || (!write && held(line, thread->core)))) {
        vm_spend(cost); /* whoever takes it away has asked, and has not been heard yet */
        return;
    }
    /* What a processor has begun with the old value of a line it throws away when the line is taken from it. */
    int thrown_away = held(line, thread->core) && thread->clock - line->past_until <= machine.window;
    thread->request = thread->clock;
    thread->wants_write = write;
    thread->operation = cost;
    if (line->first == NOBODY && line->free_at <= thread->clock) {
        ps at = asked(thread, line);
        if (buffered) {
            ps *oldest = &thread->stored[thread->stores++ % MISSES];
            grant(line, thread, *oldest > at ? *oldest : at, 0, thread->drained + machine.apart);
            *oldest = thread->drained = thread->clock;
            thread->clock = thread->request + cost;
        } else {
            ps earliest = thread->arrived + machine.apart;
            if (at == thread->clock) stall(thread, at);
            grant(line, thread, at, 0, earliest > thread->clock ? earliest : thread->clock);
            thread->arrived = thread->clock - cost;
            vm_turn(); /* it is done when the line is here, and who had it goes on until then */
            if (!write && !thrown_away) ahead_of_load(thread);
        }
    } else {
        enqueue(number, line, thread);
        thread->ahead = FAR;
        if (!write && !thrown_away) ahead_of_load(thread);
    }
}

void vm_between(void) { current->changed = 0; }

void vm_access(const volatile void *address, size_t size, enum access access) {
    struct thread *thread = current;
    if (!thread || !size) return;
    static const int is_write[] = {0, 1, 0, 1, 1, 1};
    ps cost[] = {machine.plain, machine.plain, machine.load, machine.store, machine.rmw, machine.rmw};
    int buffered = access == PLAIN_STORE || access == STORE;
    if (depends(thread, (uint64_t)address)) thread->ahead = FAR;
    if (is_write[access] && !buffered) {
        ps from = thread->clock;
        drain(thread);
        if (thread->clock > from && !looked_ahead(thread)) stall(thread, from);
    }
    ps ahead = thread->ahead, stalled = thread->stalled, arrived = thread->arrived;
    uint64_t first = (uint64_t)address / LINE, last = ((uint64_t)address + size - 1) / LINE;
    uint64_t before = thread->changed;
    vm_between();
    for (uint64_t key = first; key <= last; key++) {
        int follows = access == RMW && before == key + 1;
        touch(thread, number_of(key + 1), is_write[access], buffered, follows, key == first ? cost[access] : 0);
    }
    if (access == RMW) thread->changed = last + 1;
    if (is_write[access] && !buffered) {
        /* It takes its time when it is done, and none of what a processor can look ahead. */
        if (thread->stalled == stalled && thread->ahead > ahead && thread->ahead < FAR) thread->ahead = ahead + machine.plain;
    }
    if (size == sizeof *thread->answer && thread->arrived != arrived) note_answer(thread, (const void *)address);
}
