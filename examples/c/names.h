/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Names for timers: a slot and the slot's generation, so that the name of a freed timer finds nothing. Everything under the list's
 * lock.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdlib.h>

#include "headlock.h"

struct timer;

struct slot {
	struct timer *timer; /* NULL for an unused slot */
	uint32_t generation;
	uint32_t next_unused; /* as names.unused */
};

struct names {
	struct slot *slots;
	uint32_t used, room;
	uint32_t unused; /* 1 more than the first unused slot below `used`, 0 if there is none */
};

/* The timer of a name, or NULL. */
static inline struct timer *find(const struct names *names, headlock_timer name)
{
	uint32_t slot = (uint32_t)name;

	if (slot >= names->used || names->slots[slot].generation != name >> 32)
		return NULL;
	return names->slots[slot].timer;
}

static headlock_timer give_name(struct names *names, struct timer *timer)
{
	uint32_t slot = names->unused - 1;

	if (names->unused) {
		names->unused = names->slots[slot].next_unused;
	} else {
		if (names->used == names->room) {
			names->room = names->room ? 2 * names->room : 64;
			names->slots = realloc(names->slots, names->room * sizeof(*names->slots));
			if (!names->slots)
				abort();
		}
		slot = names->used++;
		names->slots[slot].generation = 0;
	}
	names->slots[slot].timer = timer;
	return (headlock_timer)names->slots[slot].generation << 32 | slot;
}

static void take_name(struct names *names, headlock_timer name)
{
	struct slot *slot = &names->slots[(uint32_t)name];

	slot->timer = NULL;
	slot->generation++;
	slot->next_unused = names->unused;
	names->unused = (uint32_t)name + 1;
}

#endif
