//! Which processors share a core, found by probing, whatever the topology says.
//!
//! A hypervisor may put two of a guest's processors on one core for a while, or a stranger beside either of them. So there are several
//! looks. In each, one thread goes from processor to processor and probes how wide each core is while this program does nothing else; then a
//! thread on each processor probes what a cache line takes to every other one, and all probe their widths at once.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering as Memory};
use std::time::Duration;

use crate::harness::pin;
use crate::harness::state::{Meeting, Reference, Width, width};
use crate::record::{CoreWidth, CpuPair};

/// So many pairs are all told.
const FEW: usize = 6;

/// What one look found. Processors are told by their place in the list.
#[derive(Debug, Default)]
struct Look {
    /// Each core's width while nobody else probes.
    alone: Vec<Option<Width>>,
    /// Each core's width while everybody probes.
    together: Vec<Width>,
    /// Two processors, the lower place first, and what a cache line took between them, ns.
    hops: Vec<([usize; 2], f64)>,
}

/// Looks `count` times with `pause` in between; at pairs only where there are at most `most_paired` processors.
pub fn look(cpus: &[usize], (count, pause): (usize, Duration), most_paired: usize) -> (Vec<CoreWidth>, Vec<CpuPair>) {
    let paired = (2..=most_paired).contains(&cpus.len());
    let looks: Vec<Look> = (0..count)
        .map(|number| {
            if number > 0 {
                std::thread::sleep(pause);
            }
            let alone = one_by_one(cpus);
            let (together, hops) = if paired { all_at_once(cpus) } else { Default::default() };
            Look { alone, together, hops }
        })
        .collect();
    describe(cpus, &looks)
}

fn one_by_one(cpus: &[usize]) -> Vec<Option<Width>> {
    let probe = |&cpu: &usize| pin::pin_current(cpu).ok().map(|()| width()).filter(|width| width.is_possible());
    // On a thread of its own, which leaves this one's processors as they are.
    std::thread::scope(|scope| {
        let prober = scope.spawn(|| cpus.iter().map(probe).collect());
        prober.join().expect("a probing thread does not panic")
    })
}

/// Nothing where a thread cannot be bound.
fn all_at_once(cpus: &[usize]) -> (Vec<Width>, Vec<([usize; 2], f64)>) {
    let meeting = Meeting::new(cpus.len(), cpus, 0);
    let start_line = Barrier::new(cpus.len());
    let misplaced = AtomicBool::new(false);
    let probe = |place: usize| {
        misplaced.fetch_or(pin::pin_current(cpus[place]).is_err(), Memory::Relaxed);
        start_line.wait();
        if misplaced.load(Memory::Relaxed) {
            return None;
        }
        let hops: Vec<([usize; 2], f64)> = (0..meeting.all_rounds())
            .filter_map(|round| meeting.round(place, round))
            .map(|(partner, ns)| ([place, partner], ns))
            .collect();
        meeting.meet();
        Some((width(), hops))
    };
    let probed: Option<Vec<_>> = std::thread::scope(|scope| {
        let probe = &probe;
        let threads: Vec<_> = (0..cpus.len()).map(|place| scope.spawn(move || probe(place))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a probing thread does not panic")).collect()
    });
    let (widths, hops): (Vec<_>, Vec<_>) = probed.unwrap_or_default().into_iter().unzip();
    (widths, hops.into_iter().flatten().collect())
}

/// What the looks amount to.
fn describe(cpus: &[usize], looks: &[Look]) -> (Vec<CoreWidth>, Vec<CpuPair>) {
    let alone = looks.iter().flat_map(|look| &look.alone).flatten();
    let reference = Reference::of(alone.map(|width| width.width));
    let cores = cpus.iter().enumerate().filter_map(|(place, &cpu)| {
        let seen = looks.iter().filter_map(|look| Some((*look.alone.get(place)?)?.width)).collect();
        let [narrowest, median, widest] = spread(seen)?;
        let widths = looks.iter().filter_map(|look| look.alone.get(place).copied().flatten());
        Some(CoreWidth {
            cpu,
            looks: widths.clone().count() as u64,
            shared: widths.filter(|width| reference.is_shared(width.width)).count() as u64,
            narrowest,
            median,
            widest,
        })
    });
    let last = cpus.len().saturating_sub(1);
    let few = cpus.len() * last / 2 <= FEW;
    let pairs = (0..cpus.len()).flat_map(|first| (first + 1..cpus.len()).map(move |second| [first, second]));
    let pairs = pairs.filter_map(|pair @ [first, second]| {
        let met: Vec<(&Look, f64)> = looks
            .iter()
            .flat_map(|look| look.hops.iter().filter(|(places, _)| *places == pair).map(move |(_, ns)| (look, *ns)))
            .collect();
        let [fastest_ns, median_ns, slowest_ns] = spread(met.iter().map(|(_, ns)| *ns).collect())?;
        let on_one_core = |(look, ns): &&(&Look, f64)| {
            let widths = [look.together[first], look.together[second]];
            let widest = |part: fn(&Width) -> f64| widths.iter().map(part).fold(0.0, f64::max);
            widths.iter().all(|width| width.is_possible())
                && reference.is_one_core(*ns, widest(|width| width.addition_ns), widest(|width| width.width))
        };
        let one_core = met.iter().filter(on_one_core).count() as u64;
        let told = few || one_core > 0 || (first == 0 && (second == 1 || second == last));
        told.then(|| {
            let mut cpus = [cpus[first], cpus[second]];
            cpus.sort_unstable();
            CpuPair {
                cpus,
                looks: met.len() as u64,
                one_core,
                fastest_ns,
                median_ns,
                slowest_ns,
            }
        })
    });
    (cores.collect(), pairs.collect())
}

/// The least, the median and the most.
fn spread(mut values: Vec<f64>) -> Option<[f64; 3]> {
    values.sort_unstable_by(f64::total_cmp);
    Some([*values.first()?, values[values.len() / 2], *values.last()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn width(width: f64) -> Width {
        Width { width, addition_ns: 0.4 }
    }

    #[test]
    fn two_processors_that_were_on_one_core_for_a_while_are_found() {
        let apart = |ns| Look {
            alone: vec![Some(width(3.7)), Some(width(3.6))],
            together: vec![width(3.6), width(3.6)],
            hops: vec![([0, 1], ns)],
        };
        let one_core = |ns| Look {
            alone: vec![Some(width(3.7)), Some(width(2.0))],
            together: vec![width(1.8), width(1.8)],
            hops: vec![([0, 1], ns)],
        };
        let missed = Look { alone: vec![None, Some(width(3.7))], ..Look::default() };
        let (cores, pairs) = describe(&[4, 7], &[apart(36.0), one_core(15.0), one_core(16.0), apart(40.0), missed]);
        let [pair] = pairs[..] else { panic!("{pairs:?}") };
        assert_eq!((pair.cpus, pair.looks, pair.one_core), ([4, 7], 4, 2));
        assert_eq!((pair.fastest_ns, pair.median_ns, pair.slowest_ns), (15.0, 36.0, 40.0));
        let told: Vec<_> = cores.iter().map(|core| (core.cpu, core.looks, core.shared, core.widest)).collect();
        assert_eq!(told, [(4, 4, 0, 3.7), (7, 5, 2, 3.7)]);
    }

    #[test]
    fn of_many_pairs_those_on_one_core_are_told_and_two_others() {
        let places = 8;
        let hops = (0..places).flat_map(|first| {
            (first + 1..places)
                .map(move |second| ([first, second], if [first, second] == [2, 6] { 14.0 } else { 50.0 }))
        });
        let look = Look {
            alone: vec![Some(width(3.7)); places],
            together: vec![width(1.8); places],
            hops: hops.collect(),
        };
        let cpus: Vec<usize> = (0..places).collect();
        let (_, pairs) = describe(&cpus, &[look]);
        let told: Vec<_> = pairs.iter().map(|pair| (pair.cpus, pair.one_core)).collect();
        assert_eq!(told, [([0, 1], 0), ([0, 7], 0), ([2, 6], 1)]);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(describe(&[], &[]), (vec![], vec![]));
        assert_eq!(describe(&[0], &[Look { alone: vec![None], ..Look::default() }]), (vec![], vec![]));
    }
}
