"""Which functions of QEMU's util/qemu-timer.c are watched, and what is noted when one is called."""

from dataclasses import dataclass

from .errors import RecordError


@dataclass(frozen=True)
class Probe:
    """A function whose calls are noted under a word, with its first arguments."""

    function: str
    word: str
    arguments: int
    needed: bool = True


# timer_mod and timer_mod_anticipate call the two functions in ns. timer_new and timer_free are inline in QEMU's headers, and
# show as timer_init_full, and as timer_del and a g_free that nothing can tell from another.
PROBES = [
    Probe("timerlistgroup_init", "group_init", 1),
    Probe("timer_init_full", "timer_init", 3),
    Probe("timer_deinit", "timer_deinit", 1, needed=False),
    Probe("timer_mod_ns", "mod", 2),
    Probe("timer_mod_anticipate_ns", "anticipate", 2),
    Probe("timer_del", "del", 1),
    Probe("timerlist_expired", "expired", 1, needed=False),
    Probe("timerlist_deadline_ns", "deadline", 1),
    Probe("timerlist_run_timers", "run", 1, needed=False),
    Probe("timerlistgroup_deadline_ns", "group_deadline", 1),
    Probe("timerlistgroup_run_timers", "group_run", 1),
    Probe("qemu_clock_run_timers", "clock_run", 1),
    Probe("qemu_clock_run_all_timers", "all_run", 0),
]
# Noted at their return: type and the new list as `list_new`; type, what the clock showed and when the call began as `clock`.
NEW_LIST = "timerlist_new"
READ_CLOCK = "qemu_clock_get_ns"
# After these the virtual clock has another lead.
CLOCK_SWITCHES = ["cpu_enable_ticks", "cpu_disable_ticks"]


def present(binary, functions):
    """The probes that this program has the symbols for; an error if one is missing that a trace needs."""
    needed = [probe.function for probe in PROBES if probe.needed] + [NEW_LIST, READ_CLOCK]
    missing = [function for function in needed if function not in functions]
    if missing:
        raise RecordError(
            f"{binary}: has no symbol for {', '.join(missing)}; a QEMU that is built with modules (Debian's, Fedora's) keeps them "
            "when it is stripped, and any QEMU has them before"
        )
    return [probe for probe in PROBES if probe.function in functions]
