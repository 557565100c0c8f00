//! headlock with the bare loops of its libraries in the table.

mod bare;

use std::process::ExitCode;

use bare::{BareList, Epoch, ParkingLot};
use headlock::Registry;

fn main() -> ExitCode {
    headlock::cli::main(Registry::builtin().with::<BareList<ParkingLot>>().with::<BareList<Epoch>>())
}
