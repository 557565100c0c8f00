/*
 * headlock.h: a timer list in C, in headlock's table.
 *
 * A library exports one function, headlock_export(), which answers a constant table: what the list is called, what it declares
 * about itself, and its functions.
 *
 *     cc -O2 -shared -fPIC -I include mine.c -o mine.so
 *     headlock verify --load ./mine.so --strategies mine
 *     headlock run --load ./mine.so
 *
 * `mine` is the name in the table, whatever the file is called.
 *
 * This file says all that there is to know; docs/STRATEGY.md goes through it in ten minutes, and examples/c holds whole lists.
 * It is C99, and C++.
 *
 *
 * What a timer list does
 *
 * Time is int64_t nanoseconds on the list's own clock, which starts at 0. A list keeps the active timers sorted by deadline. Many
 * threads ask when the first one, the head, is due; a few change the list.
 *
 * All functions of a list may be called by many threads at once, each through a handle of its own. A handle belongs to the thread
 * that created it: only that thread uses and destroys it. A thread may hold handles of several lists at once, and several handles
 * of one list. So whatever belongs to a thread and not to a list (a registration with liburcu, for one) must be counted by thread:
 * registered with the thread's first handle, taken off with its last.
 *
 *
 * What the caller promises
 *
 * - A timer that it names came from create() of the same list, and no call of free() for it has begun. So a name may be a bare address.
 *   There is one exception: a replay with a thread for each of the trace's (`--order threads`) keeps no order between threads, so that one
 *   may name a timer that another has just freed. A list that checks its names (a number with a generation, say) does nothing then; a list
 *   whose names are bare addresses should not be replayed that way.
 * - The other way round nothing is promised: once run() has unlinked a timer and holds no lock, another thread may free it, before fire()
 *   is called or during the call, and so may the callback itself. run() still calls fire() with its name, and must not touch the timer any
 *   more. The callback does not name it then, unless create() has given its name to another timer meanwhile.
 * - A list is destroyed after all of its handles. What is left in it, timers included, is for the list to release.
 * - No call is made after headlock has begun to end the process.
 *
 *
 * What a list must never do
 *
 * - End the process, or catch or raise a signal.
 * - Let a C++ exception or a longjmp() leave one of its functions, or pass through a callback: each ends the process of the trial
 *   or check at once, and counts as the list's failure.
 * - Rely on being unloaded: a library stays for as long as its process lives.
 * - Count on being read: what it prints, on standard output too, is shown only if its process ends before its work is done.
 * - Export other names for others to find. Two libraries may define the same ones; each sees its own.
 *
 *
 * Versions
 *
 * HEADLOCK_VERSION is the version of this interface, and a table's first member. It is raised when anything here changes its
 * meaning, its type, its place or its name, or when a function becomes mandatory; headlock refuses a table of a version that it does
 * not know. Everything else leaves it alone: structures may gain members at their end, enumerations may gain constants, the host
 * may call optional functions that it did not call before. Every structure that crosses the border begins with its size, or follows
 * one that does, so that each side can tell what the other knows:
 *
 * - headlock reads no more of a table than its `size` says, and takes functions beyond that for NULL. A table that ends before the
 *   last mandatory function is refused. So a library that was compiled against an older header of the same version goes on working.
 * - A library looks at headlock_config's `size` before it reads a member that was added later than version 1 itself.
 */
#ifndef HEADLOCK_H
#define HEADLOCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface. */
#define HEADLOCK_VERSION 1

/* Names a timer of one list: whatever the list likes, but for HEADLOCK_NO_TIMER. */
typedef uint64_t headlock_timer;

/* Stands for no timer. No list gives this name out, and none is called with it. */
#define HEADLOCK_NO_TIMER UINT64_MAX

/* The deadline of an empty list. */
#define HEADLOCK_EMPTY INT64_MIN

/*
 * What a list should write over the deadline of a timer before it releases its memory, so that `headlock verify` can tell a read of
 * released memory from an honest answer. Nothing but that depends on it.
 */
#define HEADLOCK_POISON (INT64_MIN + 0xdead)

/* A list and one thread's way to it: structures of the library's own, of which headlock only keeps the addresses. */
struct headlock_list;
struct headlock_handle;

/* What a read of the head costs the reader by construction. */
enum headlock_reader {
	HEADLOCK_READER_NONE = 0,      /* plain loads only */
	HEADLOCK_READER_FENCE = 1,     /* a full memory fence, or a store that needs one */
	HEADLOCK_READER_RMW = 2,       /* an atomic read-modify-write on memory that other threads touch */
	HEADLOCK_READER_LOCK = 3,      /* a lock, held for the read */
	HEADLOCK_READER_ASYMMETRIC = 4 /* compiler fences; the writer makes the readers' processors execute the real ones */
};

/* What a reader is promised about finishing, in the usual terms (Herlihy and Shavit). */
enum headlock_progress {
	HEADLOCK_PROGRESS_BLOCKING = 0,         /* a stalled thread can stop it */
	HEADLOCK_PROGRESS_OBSTRUCTION_FREE = 1, /* it finishes if it runs alone for long enough */
	HEADLOCK_PROGRESS_LOCK_FREE = 2,        /* somebody always finishes */
	HEADLOCK_PROGRESS_WAIT_FREE = 3         /* it finishes in a bounded number of its own steps */
};

/* How true an answer of deadline() and expired() is while others change the list. `headlock verify` holds a list to it. */
enum headlock_freshness {
	HEADLOCK_FRESHNESS_LINEARIZABLE = 0, /* it was the truth at some moment during the call */
	HEADLOCK_FRESHNESS_NOTIFIED = 1,     /* it may be stale, but is later than the truth only while a rearm is on its way */
	HEADLOCK_FRESHNESS_RACY = 2          /* neither: a poller can oversleep */
};

/* What headlock tells a list when it makes one. It stays where it is until the list is destroyed. */
struct headlock_config {
	/* Bytes of this structure, as headlock knows it. */
	size_t size;
	/*
	 * Turns of spin() to add at the end of each writer's critical section, with the lock held: the workload's `hold`. 0 without one.
	 * Writers are free(), modify(), cancel(), an anticipate() that changes something, and each turn of run() that unlinks a timer.
	 * create(), handles, reads, and a run() that finds nothing due add none: no check asks for it there, and headlock's own lists do not.
	 */
	uint32_t hold_spins;
	/* Turns a loop that does nothing. Never NULL. */
	void (*spin)(uint32_t turns);
	/*
	 * Grace periods. Both NULL where nobody wants to know, which is most of the time, else neither. A list whose freed timers wait
	 * for readers calls retired() in the thread that frees one, keeps the stamp with it, and calls reclaimed() with the stamp in
	 * the thread that releases its memory. Both take the config that create_list() was given.
	 */
	uint64_t (*retired)(const struct headlock_config *config);
	void (*reclaimed)(const struct headlock_config *config, uint64_t stamp);
};

/*
 * How often the locks of a list were taken: by its operations, whichever they are. The making and the end of a handle, and the functions that
 * count, may leave theirs out. A list that counts acquisitions counts the contended ones too.
 */
struct headlock_lock_counts {
	uint64_t acquisitions; /* contended ones included */
	uint64_t contended;    /* acquisitions that found the lock taken */
	uint64_t wait_ns;      /* time waited in those, ns */
};

/* What a list counted since it was made. headlock hands it over with zeros; a list fills in what it knows. Counts never fall. */
struct headlock_counts {
	struct headlock_lock_counts lock;
	uint64_t retries;          /* reads that had to start over because the head moved under them */
	uint64_t retired;          /* freed timers whose memory has to wait for readers */
	uint64_t reclaimed;        /* those whose memory has been released since */
	uint64_t peak_unreclaimed; /* the most that were retired and not yet reclaimed at any one moment */
};

/* What run() calls for each timer that it fires, with the `context` that run() was given. */
typedef void headlock_fire(void *context, headlock_timer timer);

/* The table. Functions are mandatory unless they are said to be optional, which may be NULL. */
struct headlock_strategy {
	/* HEADLOCK_VERSION and sizeof(struct headlock_strategy): these two come first in every version. */
	uint32_t version;
	uint32_t size;

	/*
	 * What the list declares, in UTF-8. The name is what --strategies and all tables call it: letters, digits and any of - _ . are
	 * allowed, 40 bytes at most. The others are shown by `headlock list`: one line each, 200 bytes at most; "" if there is nothing to
	 * say.
	 */
	const char *name;
	const char *summary;   /* how the head is guarded and read */
	const char *built_on;  /* the library or mechanism underneath */
	const char *writer;    /* what a writer pays on top of the lock and the list */
	const char *reference; /* where the idea comes from */
	uint32_t reader;       /* enum headlock_reader */
	uint32_t progress;     /* enum headlock_progress */
	uint32_t freshness;    /* enum headlock_freshness */

	/* Makes an empty list; NULL if that fails, which is the list's failure. */
	struct headlock_list *(*create_list)(const struct headlock_config *config);
	/*
	 * Releases a list and everything in it. When it returns, nothing of the list runs any more: no callback of call_rcu(), no call
	 * to the config's functions.
	 */
	void (*destroy_list)(struct headlock_list *list);

	/* Makes the calling thread's way to the list; untimed. NULL is the list's failure. */
	struct headlock_handle *(*create_handle)(struct headlock_list *list);
	/* Called by the thread that created it, with no operation under way. */
	void (*destroy_handle)(struct headlock_handle *handle);

	/* Creates an inactive timer. */
	headlock_timer (*create)(struct headlock_handle *handle);
	/* Cancels the timer and releases it once no reader can hold it. */
	void (*free)(struct headlock_handle *handle, headlock_timer timer);
	/*
	 * Cancels the timer, makes a deadline before 0 into 0, and inserts the timer behind all others of the same deadline. Answers
	 * nonzero (a rearm) exactly if the timer is the head afterwards, so that the caller wakes whoever sleeps until the old one.
	 */
	int (*modify)(struct headlock_handle *handle, headlock_timer timer, int64_t expire);
	/* As modify(), but only if the timer is inactive or `expire` is sooner than its deadline; else changes nothing, answers 0. */
	int (*anticipate)(struct headlock_handle *handle, headlock_timer timer, int64_t expire);
	/* Removes the timer from the active ones; answers whether it was one. Is never a rearm. */
	int (*cancel)(struct headlock_handle *handle, headlock_timer timer);
	/*
	 * The head's deadline, or HEADLOCK_EMPTY. A list that reads timers in place may answer any other time before 0 for one that is
	 * being unlinked, which means: already due.
	 */
	int64_t (*deadline)(struct headlock_handle *handle);
	/*
	 * While the head is due at `now` (its deadline is `now` or earlier): unlinks it, and calls fire(context, timer) with no lock
	 * held. Answers how many it fired. The callback may call any operation with the same handle, but for destroy_handle(); a timer
	 * that it arms at or before `now` fires in the same run.
	 */
	size_t (*run)(struct headlock_handle *handle, int64_t now, headlock_fire *fire, void *context);

	/* Optional: whether the head is due at `now`. Without it headlock asks deadline(). */
	int (*expired)(struct headlock_handle *handle, int64_t now);
	/*
	 * Optional: the thread holds no reference into the list. Called between operations, every hundred or so, for lists that reclaim
	 * by quiescent states.
	 */
	void (*quiescent)(struct headlock_handle *handle);

	/*
	 * Optional: what the list counted so far, but for what handles that still exist have counted by themselves. Called at any time,
	 * by any thread. A list without it shows zeros.
	 */
	void (*counts)(struct headlock_list *list, struct headlock_counts *counts);
	/*
	 * Optional: what the handle counted by itself and counts() will not know until it is destroyed: none of it is in counts() yet. headlock
	 * adds it to counts(). Called by the handle's thread, between operations.
	 */
	void (*local_counts)(struct headlock_handle *handle, struct headlock_counts *counts);
	/*
	 * Optional: acquisitions of the list's locks through this handle since it was made, wherever they are counted: those that counts() has
	 * already and those in local_counts(). Called by the handle's thread, between operations.
	 */
	void (*lock_counts)(struct headlock_handle *handle, struct headlock_lock_counts *counts);
	/*
	 * Optional, for a list that has lock_counts(): turns the counting of acquisitions through this handle on or off, since counting
	 * costs a short critical section up to a quarter of its time. A new handle counts. A list without it counts always.
	 */
	void (*count_locks)(struct headlock_handle *handle, int counting);
};

#if defined(__GNUC__)
#define HEADLOCK_EXPORT __attribute__((visibility("default")))
#else
#define HEADLOCK_EXPORT
#endif

/* The one function that a library exports: its table, which lives as long as the library. Called once a process, before others. */
HEADLOCK_EXPORT const struct headlock_strategy *headlock_export(void);

#ifdef __cplusplus
}
#endif

#endif
