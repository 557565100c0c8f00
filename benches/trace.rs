//! A trace of about a million rows on its way into a replay: loaded, which is to decompress, parse, check and number; laid out and
//! handed on; and opened by the process that plays it.

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use headlock::harness::Handed;
use headlock::workload::Order;
use headlock::workload::trace::Trace;
use headlock::workload::trace::prepared::{Opened, Prepared};

criterion_group!(
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(5)).without_plots();
    targets = load
);
criterion_main!(benches);

fn load(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/disk.csv.zst");
    let trace = Trace::load(&path).expect("the trace comes with the program");
    let mut group = criterion.benchmark_group("trace");
    group.throughput(Throughput::Elements(trace.rows.len() as u64));
    group.bench_function("load disk.csv.zst", |bencher| bencher.iter_with_large_drop(|| Trace::load(&path)));
    let prepare = || Handed::new(&Prepared::of(&trace, Order::Strict, false)).expect("the kernel knows memfd(2)");
    group.bench_function("prepare disk.csv.zst", |bencher| bencher.iter_with_large_drop(prepare));
    let handed = prepare();
    group.bench_function("open it prepared", |bencher| bencher.iter_with_large_drop(|| Opened::open(handed.path())));
    group.finish();
}
