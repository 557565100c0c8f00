/*
 * What the reclaimer needs of liburcu, for the flavour that build.rs names. Compiled once for each.
 *
 * A poll is one function and not four, because a call from Rust cannot be inlined: this way a poll pays for one call, and
 * inside it everything is inline as in a C program.
 */
#define _LGPL_SOURCE /* the read side inline */
#define URCU_API_MAP /* the flavour's functions under their common names */

#include <stdint.h>
#include FLAVOUR_HEADER

#define JOIN(flavour, name) headlock_##flavour##_##name
#define EXPAND(flavour, name) JOIN(flavour, name)
#define SHIM(name) EXPAND(FLAVOUR, name)

/* The address of the deadline in the head node, null for an empty list, and how often it was stored. */
struct published {
	const int64_t *head;
	uint64_t moves;
};

struct reading {
	int64_t deadline;
	uint64_t retries;
};

/* Stands for an empty list. No node shows it. */
#define EMPTY INT64_MIN

_Static_assert(sizeof(struct rcu_head) == 2 * sizeof(void *), "reclaim.rs sets aside two words");

/*
 * Reads the head, and again for as long as it moves meanwhile. Loads and their orders are those of headlock's own validated
 * reads (strategies/src/reclaim/published.rs), so that nothing differs but how the reader is protected.
 */
struct reading SHIM(poll)(const struct published *published)
{
	struct reading reading = { EMPTY, 0 };

	rcu_read_lock();
	for (;;) {
		uint64_t before = __atomic_load_n(&published->moves, __ATOMIC_ACQUIRE);
		const int64_t *head = __atomic_load_n(&published->head, __ATOMIC_ACQUIRE);

		reading.deadline = head ? __atomic_load_n(head, __ATOMIC_ACQUIRE) : EMPTY;
		if (caa_likely(__atomic_load_n(&published->moves, __ATOMIC_ACQUIRE) == before))
			break;
		reading.retries++;
		caa_cpu_relax();
	}
	rcu_read_unlock();
	return reading;
}

void SHIM(register)(void)
{
	rcu_register_thread();
}

void SHIM(unregister)(void)
{
	rcu_unregister_thread();
}

void SHIM(quiescent)(void)
{
	rcu_quiescent_state();
}

/* Calls release(head) from liburcu's own thread after a grace period. */
void SHIM(defer)(struct rcu_head *head, void (*release)(struct rcu_head *))
{
	call_rcu(head, release);
}
