//! headlock with liburcu's flavours in the table: the C library that everyone knows, on the same list, behind the same trait.

mod bare;
mod flavour;
mod reclaim;
mod registration;

use std::marker::PhantomData;
use std::process::ExitCode;

use bare::{BareList, Epoch, ParkingLot as BareParkingLot};
use flavour::{Bp, Flavour, Memb, Qsbr};
use headlock::Registry;
use headlock::strategies::list::{Head, HeadList, ListView, Reader};
use headlock::strategies::lock::ParkingLot;
use headlock::strategies::{Nanos, Strategy};
use reclaim::Urcu;

/// The list whose readers are protected by a flavour of liburcu.
type UrcuList<F> = HeadList<UrcuHead<F>>;

/// The published pointer is all there is, and the reclaimer has it.
struct UrcuHead<F>(PhantomData<F>);

impl<F: Flavour> Head for UrcuHead<F> {
    const STRATEGY: Strategy = F::STRATEGY;
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Urcu<F>;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (UrcuHead(PhantomData), ())
    }
    fn local(&self) {}
    #[inline]
    fn publish(&self, (): &mut (), (): &mut (), _list: ListView<'_>) {}

    #[inline(always)]
    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        reader.reclaim.read_validated(&mut reader.retries)
    }
}

fn main() -> ExitCode {
    let flavours = Registry::builtin().with::<UrcuList<Memb>>().with::<UrcuList<Qsbr>>().with::<UrcuList<Bp>>();
    headlock::cli::main(flavours.with::<BareList<BareParkingLot>>().with::<BareList<Epoch>>())
}

headlock::strategies::conformance!(memb, UrcuList<Memb>, built_in);
headlock::strategies::conformance!(qsbr, UrcuList<Qsbr>, built_in);
headlock::strategies::conformance!(bp, UrcuList<Bp>, built_in);
