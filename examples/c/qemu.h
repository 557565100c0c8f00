/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What QEMU's three ways to guard a timer list have in common: a singly linked list sorted by deadline, the mutex that every
 * change takes, and counting. Written from the list's semantics, with none of QEMU's text. A removal walks from the head to the
 * timer, and an insertion to its place, as QEMU's do. How the head is read, and how a timer is released, is each file's own.
 */
#ifndef QEMU_H
#define QEMU_H

/* clock_gettime() in strict C99 too. Before any header of the system. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE 1
#endif

#include <pthread.h>
#include <time.h>

#include "names.h"

/* What a timer shows while it is not active: already due, for a reader that still looks at it. */
#define UNLINKED (-1)

/* The first two are written under the lock; what readers of qemu-rfc.c see without it is ordered by release and acquire. */
struct timer {
	int64_t expire;
	struct timer *next;
	headlock_timer name;
};

struct headlock_list {
	pthread_mutex_t lock;
	struct timer *head; /* written under the lock */
	uint64_t moves;     /* how often it was */
	struct headlock_counts counts;
	struct names names;
	const struct headlock_config *config;
};

struct headlock_handle {
	struct headlock_list *list;
	struct headlock_lock_counts locks;
	uint64_t retries;
	int counting;
};

static inline uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Takes the lock. Counts as headlock's own lists do: with plain additions under the lock, and a clock only where it must wait. */
static inline void lock(struct headlock_handle *handle)
{
	struct headlock_list *list = handle->list;
	uint64_t began;

	if (!handle->counting) {
		pthread_mutex_lock(&list->lock);
		return;
	}
	if (pthread_mutex_trylock(&list->lock)) {
		began = clock_ns();
		pthread_mutex_lock(&list->lock);
		began = clock_ns() - began;
		handle->locks.contended++;
		handle->locks.wait_ns += began;
		list->counts.lock.contended++;
		list->counts.lock.wait_ns += began;
	}
	handle->locks.acquisitions++;
	list->counts.lock.acquisitions++;
}

static inline void unlock(struct headlock_handle *handle)
{
	pthread_mutex_unlock(&handle->list->lock);
}

/* Gives the lock back after a change, for which the workload may want it held longer. */
static inline void unlock_changed(struct headlock_handle *handle)
{
	const struct headlock_config *config = handle->list->config;

	if (config->hold_spins)
		config->spin(config->hold_spins);
	unlock(handle);
}

static inline void set_expire(struct timer *timer, int64_t expire)
{
	__atomic_store_n(&timer->expire, expire, __ATOMIC_RELEASE);
}

/* Makes `place`, the head or a timer's next, point at a timer. */
static inline void set_next(struct headlock_list *list, struct timer **place, struct timer *timer)
{
	__atomic_store_n(place, timer, __ATOMIC_RELEASE);
	if (place == &list->head)
		__atomic_store_n(&list->moves, list->moves + 1, __ATOMIC_RELEASE);
}

/* Unlinks a timer, under the lock; answers whether it was active. */
static int del(struct headlock_list *list, struct timer *timer)
{
	int was_active = timer->expire != UNLINKED;
	struct timer **place = &list->head;

	set_expire(timer, UNLINKED);
	while (*place && *place != timer)
		place = &(*place)->next;
	if (*place)
		set_next(list, place, timer->next);
	return was_active;
}

/* Unlinks a timer and links it behind all of its deadline, under the lock; answers whether it is the head. */
static int mod(struct headlock_list *list, struct timer *timer, int64_t expire)
{
	struct timer **place = &list->head;

	del(list, timer);
	while (*place && (*place)->expire <= expire)
		place = &(*place)->next;
	set_expire(timer, expire);
	timer->next = *place;
	set_next(list, place, timer);
	return place == &list->head;
}

/* Unlinks the head if it is due, under the lock; answers its name, or HEADLOCK_NO_TIMER. */
static headlock_timer pop(struct headlock_list *list, int64_t now)
{
	struct timer *head = list->head;

	if (!head || head->expire > now)
		return HEADLOCK_NO_TIMER;
	set_expire(head, UNLINKED);
	set_next(list, &list->head, head->next);
	return head->name;
}

#endif
