# The longer checks and measurements, by name: `just --list`. What every change must pass is `scripts/test`.
#
# Miri has no recipe: it is no part of the pinned toolchain, and the locks and membarrier(2) under most strategies are
# system calls that it does not know. loom, the sanitizers and the conformance suite take its place.

# Every check that a change must pass
test *steps:
    scripts/test {{ steps }}

# Does each strategy keep what it declares, for as long as you like?
torture seconds="600":
    cargo run --release -- verify --seconds {{ seconds }}

# Is each list that strangers broke caught by the check that is named for it? Those that threads have to meet for, some minutes
strangers:
    cargo test --locked --release -p headlock-fixtures --test strangers -- --ignored

# How often is each of them found in the time that a list gets by default, beside busy processes? 20 seeds, an hour
odds *flags:
    cargo build --locked --release -p headlock-fixtures --bin headlock-fixtures
    scripts/referee odds {{ flags }}

# Is a list without a fault ever accused? So many default runs of the built-in ones, beside busy processes, a minute each
accusations runs="200" *flags:
    cargo build --locked --release -p headlock-fixtures --bin headlock-fixtures
    scripts/referee accusations --runs {{ runs }} {{ flags }}

# The conformance suite and verify under ThreadSanitizer
tsan *what:
    scripts/sanitize thread {{ what }}

# The conformance suite and verify under AddressSanitizer
asan *what:
    scripts/sanitize address {{ what }}

# loom, with more preemptions than the tests allow
loom-deep preemptions="5":
    LOOM_MAX_PREEMPTIONS={{ preemptions }} scripts/test loom

# Many more cases of the property tests of traces, scripts and workloads
proptest cases="100000":
    PROPTEST_CASES={{ cases }} cargo test -p headlock --release --lib workload::

# Arbitrary bytes to whatever reads a file; `scripts/fuzz --help` lists the targets and what is needed
fuzz target seconds="900":
    scripts/fuzz {{ target }} {{ seconds }}

# Which changed lines of the shared list, its locks and its reclaimers does no test notice? Suite after suite on what is left, all mutants in
# one build; needs cargo-mutants. `just mutants-lists "nearest tests"` plays these two only; scripts/mutants --help
[positional-arguments]
mutants-lists suites="nearest tests loom verify apart" *flags:
    target/mutants/venv/bin/python -c 'import tree_sitter, tree_sitter_rust' 2>/dev/null || (python3 -m venv target/mutants/venv && target/mutants/venv/bin/pip -q install tree-sitter==0.26.1 tree-sitter-rust==0.24.2)
    suites=$1; shift; target/mutants/venv/bin/python scripts/mutants $suites --out results/verify/mutants.csv "$@" || test $? = 3

# The same in what judges: the checks, held against the broken lists and the built-in ones
mutants *flags:
    cargo mutants -p headlock -p headlock-strategies -f 'src/verify/**' -f 'strategies/src/conformance/*.rs' --test-package headlock,headlock-strategies,headlock-fixtures {{ flags }} -- --lib --test caught --test verify

# One operation at a time, under criterion
bench *filter:
    cargo bench -- {{ filter }}

# Instructions per operation, under callgrind; `scripts/instructions --help` says what it needs
instructions *flags:
    scripts/instructions {{ flags }}

# Licences, sources and published advisories of all dependencies; needs cargo-deny and a network
advisories:
    cargo deny check

# The C lists of examples/c, instrumented by the C compiler, under verify: `address` or `thread`
sanitize-c sanitizer="address":
    scripts/sanitize {{ sanitizer }} c

# What the door costs: built-in lists through it against themselves, one poller and the hot mix
door out="results/door":
    cargo build --release
    target/release/headlock run -w hot --threads 1,2 --baseline mutex --strategies mutex,mutex@c,atomic-deadline,atomic-deadline@c --budget 4m --out {{ out }}

# Programs that differ in the order of their functions alone, for `--layouts target/layouts`: a release build that links so many more
layouts count="8":
    rm -rf target/layouts
    LAYOUTS={{ count }} LAYOUTS_DIR=target/layouts cargo rustc --release --bin headlock -- -Clinker=scripts/link-layouts

# The patch itself, in C, beside its counterparts in Rust: the hot mix and a recorded disk; needs liburcu-dev
patch-in-c out="results/patch-in-c":
    cargo build --release
    make -C examples/c OUT=$PWD/target
    target/release/headlock run -w hot --threads 1,2 --baseline qemu-2013 --strategies mutex,mutex@c,mutex-std,rcu-epoch,rcu-membarrier,rcu-membarrier@c --load target/qemu-2013.so --load target/qemu-2016.so --load target/qemu-rfc.so --load target/qemu-rfc-validated.so --budget 6m --out {{ out }}-hot
    target/release/headlock replay traces/disk.csv.zst --baseline qemu-2013 --strategies mutex,mutex@c,mutex-std,rcu-epoch,rcu-membarrier,rcu-membarrier@c --load target/qemu-2013.so --load target/qemu-2016.so --load target/qemu-rfc.so --load target/qemu-rfc-validated.so --budget 6m --out {{ out }}-disk

# The poll rows of the table of goals, in one run with liburcu, in C and through the door, and the libraries' bare loops; needs
# liburcu-dev. rcu-membarrier@c over qemu-rfc-validated, both net of the floor behind the door, is the goal of 1.1
goals out="../../results/goals/polls":
    make -C examples/c
    cd peers/bare && cp ../../Cargo.lock . && cargo run --release -- run -w hot --mix deadline=1 --threads 1 --baseline atomic-deadline --strategies atomic-deadline,rcu-qsbr,rcu-membarrier,rcu-membarrier@c,rcu-epoch,bare-epoch,mutex,mutex@c,bare-parking-lot --load ../../examples/c/qemu-rfc-validated.so --budget 90s --out {{ out }}

# The reference results of this host, results/QUESTION/HOST, and the answers over all hosts; needs liburcu-dev, some minutes
reference host:
    cargo build --release
    make -C examples/c OUT=$PWD/target
    target/release/headlock verify --strategies core
    target/release/headlock run --out results/run/{{ host }}
    target/release/headlock replay traces/disk.csv.zst --out results/disk/{{ host }}
    # Without stamps, as on every host: which lists were verified must agree.
    HEADLOCK_STATE= target/release/headlock replay traces/disk.csv.zst --baseline qemu-2013 --strategies mutex,mutex@c,mutex-std,rcu-epoch,rcu-membarrier,rcu-membarrier@c --load target/qemu-2013.so --load target/qemu-2016.so --load target/qemu-rfc.so --load target/qemu-rfc-validated.so --budget 40s --quiet --out results/c-disk/{{ host }}
    just pooled

# What `headlock pool` says of each question of results/ over its hosts, if there are several, as its README.md
pooled:
    cargo build --release
    for question in run disk; do [ "$(ls -d results/$question/*/ | wc -l)" -gt 1 ] || continue; target/release/headlock pool results/$question --markdown >target/pooled.md && cp target/pooled.md results/$question/README.md || exit 1; done

# Every strategy under the default workloads and on every recorded trace, an hour in all
reference-all host:
    cargo build --release
    target/release/headlock run --strategies all --budget 15m --out results/run-all/{{ host }}
    for trace in traces/*.csv.zst; do target/release/headlock replay "$trace" --strategies all --budget 7m --out "results/$(basename "$trace" .csv.zst)-all/{{ host }}" || exit 1; done
    for dir in results/*-all/{{ host }}; do scripts/plot "$dir" || exit 1; done

# What the model says of sixty-four cores, and its picture in the README
predicted:
    scripts/model predict --machine graviton3 --out results/model/graviton3
    scripts/plot results/model/graviton3
    rm results/model/graviton3/plots/*.png

# The baseline against itself, one poller: 20 runs of 30 s. `just aa-1 --runs 5` adds five; scripts/campaign --help
aa-1 *flags: (campaign "aa-1" flags)

# The baseline against itself, two threads of the hot workload
aa-2 *flags: (campaign "aa-2" flags)

# Is a slow-down of 0.5 % seen, one poller? 20 runs of 30 s
inject-1 *flags: (campaign "inject-1" flags)

# Is a slow-down of 2 % seen, two threads of the hot workload?
inject-2 *flags: (campaign "inject-2" flags)

# How often smaller slow-downs are seen, one poller
curve-1 *flags: (campaign "curve-1" flags)

# How often smaller slow-downs are seen, two threads of the hot workload
curve-2 *flags: (campaign "curve-2" flags)

# Is a tail that is 10 % longer seen? 20 runs of a minute, two threads of the hot workload
tail *flags: (campaign "tail" flags)

# Is unchanged code called different from run to run, state by state? Ten runs over an hour
rivals *flags: (campaign "rivals" flags)

# How often intervals hold the truth, by whole runs: of what inject-1, aa-2 and rivals have left, or of any set of runs
coverage *dirs="results/campaigns/inject-1 results/campaigns/aa-2 results/campaigns/rivals":
    for dir in {{ dirs }}; do echo "## $dir" && scripts/coverage "$dir" || exit 1; done

# Where the variance arises: slices, processes, layouts (target/layouts, which `just layouts` links anew), runs. 54 runs, twenty minutes
variance *flags:
    test -d target/layouts || just layouts
    just campaign variance {{ flags }}

# One process for all against a process each: all strategies, the hot mix and a recorded disk
slices-and-processes out="results/isolation":
    cargo build --release
    for way in slices process; do target/release/headlock run -w hot --threads 1,2 -s all --isolation $way --budget 5m --quiet --out {{ out }}-hot-$way && target/release/headlock replay traces/disk.csv.zst -s all --isolation $way --budget 5m --quiet --out {{ out }}-disk-$way || exit 1; done

# Verdicts beside a busy process and without
disturbed *flags: (campaign "disturbed" flags)

# What counting lock acquisitions costs
counting *flags:
    cargo build --release -p headlock-fixtures --bin headlock-specimens
    scripts/campaign counting {{ flags }}

# A poll at 1,000,000 active timers over one at 10, and a modify at 1,000,000 over one at 1,000: three minutes
scaling *flags:
    cargo build --release
    scripts/scaling {{ flags }}

# criterion's benches compared with themselves, for contrast
criterion *flags:
    scripts/campaign criterion {{ flags }}

# A campaign by its name, with the build for figures to be quoted
campaign name *flags:
    cargo build --release
    scripts/campaign {{ name }} {{ flags }}

# A list that stalls for 1 ms every 100 ms, under open load and under closed load: two minutes
stall *flags:
    cargo build --release -p headlock-fixtures --bin headlock-specimens
    scripts/stall {{ flags }}

# A binary that needs no library, for hosts of this architecture: target/TARGET/release/headlock
static:
    cargo --config 'build.rustflags=["-Ctarget-feature=+crt-static"]' build --release --target "$(rustc -vV | sed -n 's/^host: //p')"

# What the static build changes: the hot workload with both builds, compared; four minutes
static-beside out="results/static": static
    cargo build --release
    target/release/headlock run -w hot --threads 1,2 --budget 2m --out {{ out }}/ordinary
    "target/$(rustc -vV | sed -n 's/^host: //p')/release/headlock" run -w hot --threads 1,2 --budget 2m --out {{ out }}/static
    target/release/headlock compare {{ out }}/ordinary {{ out }}/static

# scripts/fleet on this one machine, over ssh and as a Slurm array, with hosts in namespaces of which some fail; root, and Debian's
# openssh-server, parallel, rsync, slurmctld, slurmd, slurm-client and munge; some minutes
fleet-tried binary="target/release/headlock":
    cargo build --release
    tests/fleet/try {{ binary }}
    tests/fleet/try-slurm {{ binary }}

# The rule of `headlock pool` on simulated fleets whose truth is known: the table of docs/FLEET.md
pool-simulated fleets="4000":
    FLEETS={{ fleets }} cargo test --release -p headlock --lib stats::pool::simulated::the_table_of_fleets -- --ignored --nocapture

# The rule beside a biased A/A control, on simulated points: the table of docs/METHOD.md
biases-simulated:
    cargo test --release -p headlock --lib stats::verdict::simulated::the_table_of_biases -- --ignored --nocapture
