//! Loading a trace of about a million rows: decompress, parse, check, number.

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use headlock::workload::trace::Trace;

criterion_group!(
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(5)).without_plots();
    targets = load
);
criterion_main!(benches);

fn load(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/disk.csv.zst");
    let rows = Trace::load(&path).expect("the trace comes with the program").rows.len();
    let mut group = criterion.benchmark_group("trace");
    group.throughput(Throughput::Elements(rows as u64));
    group.bench_function("load disk.csv.zst", |bencher| bencher.iter_with_large_drop(|| Trace::load(&path)));
    group.finish();
}
