/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * QEMU's timer list after the RFC of 2013: whoever looks at the head does so in a read-side section of liburcu, without the mutex;
 * run() takes it only if the head looks due, and looks again; a freed timer goes through call_rcu().
 *
 * That is racy: a reader may find a timer at the head, and read its deadline after the timer was put off, with nobody to tell it.
 * Compiled with -DVALIDATED, a reader looks again whether the head has moved, under the name qemu-rfc-validated.
 *
 * liburcu is under the LGPL 2.1 or later. _LGPL_SOURCE inlines its read side, functions of a few lines from its headers, into this
 * library, which liburcu's authors allow for code under a licence compatible with that one, as this file's are. The library itself
 * is linked as it is.
 *
 *     cc -O2 -shared -fPIC -ftls-model=initial-exec -I ../../include qemu-rfc.c -lurcu-memb -o qemu-rfc.so
 */
#define _LGPL_SOURCE
#define URCU_API_MAP
#include <urcu/urcu-memb.h>

#include "qemu.h"

/* Freed timers that may wait for readers before whoever frees more waits too. */
#define MOST_WAITING 4096

#ifdef VALIDATED
#define NAME "qemu-rfc-validated"
#define SUMMARY "as qemu-rfc, then check that the head did not move, else retry"
#define PROGRESS HEADLOCK_PROGRESS_LOCK_FREE
#define FRESHNESS HEADLOCK_FRESHNESS_NOTIFIED
#else
#define NAME "qemu-rfc"
#define SUMMARY "the RFC: read the head in a read-side section; recheck under the mutex"
#define PROGRESS HEADLOCK_PROGRESS_WAIT_FREE
#define FRESHNESS HEADLOCK_FRESHNESS_RACY
#endif

struct node {
	struct timer timer;
	struct headlock_list *list;
	struct rcu_head rcu;
};

/* liburcu registers a thread once, however many lists it has handles to. */
static __thread unsigned handles;

static void thread_begins(void)
{
	if (!handles++)
		rcu_register_thread();
}

static void thread_ends(void)
{
	if (!--handles)
		rcu_unregister_thread();
}

static void all_released(void)
{
	rcu_barrier();
}

/* Called by liburcu's own thread. */
static void reclaim(struct rcu_head *rcu)
{
	struct node *node = caa_container_of(rcu, struct node, rcu);

	set_expire(&node->timer, HEADLOCK_POISON);
	__atomic_fetch_add(&node->list->counts.reclaimed, 1, __ATOMIC_RELAXED);
	free(node);
}

static void release(struct headlock_handle *handle, struct timer *timer)
{
	struct node *node = caa_container_of(timer, struct node, timer);
	struct headlock_counts *counts = &handle->list->counts;
	uint64_t waiting;

	waiting = __atomic_add_fetch(&counts->retired, 1, __ATOMIC_RELAXED);
	waiting -= __atomic_load_n(&counts->reclaimed, __ATOMIC_RELAXED);
	/* A peak that two threads raise at once may miss one of them. */
	if (waiting > __atomic_load_n(&counts->peak_unreclaimed, __ATOMIC_RELAXED))
		__atomic_store_n(&counts->peak_unreclaimed, waiting, __ATOMIC_RELAXED);
	node->list = handle->list;
	call_rcu(&node->rcu, reclaim);
	if (waiting > MOST_WAITING)
		rcu_barrier();
}

#include "qemu-changes.h"

static int64_t deadline(struct headlock_handle *handle)
{
	struct headlock_list *list = handle->list;
	struct timer *head;
	int64_t expire;
#ifdef VALIDATED
	uint64_t moves;
#endif

	rcu_read_lock();
#ifdef VALIDATED
	for (;; handle->retries++) {
		moves = __atomic_load_n(&list->moves, __ATOMIC_ACQUIRE);
#endif
		head = __atomic_load_n(&list->head, __ATOMIC_ACQUIRE);
		expire = head ? __atomic_load_n(&head->expire, __ATOMIC_ACQUIRE) : HEADLOCK_EMPTY;
#ifdef VALIDATED
		if (__atomic_load_n(&list->moves, __ATOMIC_ACQUIRE) == moves)
			break;
	}
#endif
	rcu_read_unlock();
	return expire;
}

static int expired(struct headlock_handle *handle, int64_t now)
{
	int64_t expire = deadline(handle);

	return expire != HEADLOCK_EMPTY && expire <= now;
}

static size_t run(struct headlock_handle *handle, int64_t now, headlock_fire *fire, void *context)
{
	headlock_timer timer;
	size_t fired;

	for (fired = 0; expired(handle, now); fired++) {
		lock(handle);
		timer = pop(handle->list, now);
		if (timer == HEADLOCK_NO_TIMER) {
			unlock(handle);
			break;
		}
		unlock_changed(handle);
		fire(context, timer);
	}
	return fired;
}

static const struct headlock_strategy table = {
	.version = HEADLOCK_VERSION,
	.size = sizeof(table),
	.name = NAME,
	.summary = SUMMARY,
	.built_on = "liburcu",
	.writer = "a walk over the earlier timers; free pays a call_rcu",
	.reference = "P. Bonzini, [RFC 4/3] qemu-timer, 2013",
	.reader = HEADLOCK_READER_ASYMMETRIC,
	.progress = PROGRESS,
	.freshness = FRESHNESS,
	.create_list = create_list,
	.destroy_list = destroy_list,
	.create_handle = create_handle,
	.destroy_handle = destroy_handle,
	.create = create,
	.free = free_timer,
	.modify = modify,
	.anticipate = anticipate,
	.cancel = cancel,
	.deadline = deadline,
	.run = run,
	.expired = expired,
	.counts = counts,
	.local_counts = local_counts,
	.lock_counts = lock_counts,
	.count_locks = count_locks,
};

const struct headlock_strategy *headlock_export(void)
{
	return &table;
}
