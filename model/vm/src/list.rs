//! Which list is played: a strategy that ships, the same through the C interface (`NAME@c`), or the list of a library.

use std::path::Path;

use headlock_door::{CList, SUFFIX, Slot, Table, table_of};
use headlock_strategies::{TimerList, Visitor, visit_builtin};

use crate::machine;

/// Where the one list behind the C interface is.
const SLOT: usize = 0;

/// Loads a library, which stays, and answers what its list is called. Called before anything that has to be repeatable: what the loader
/// allocates depends on the path.
///
/// # Errors
/// If it does not load, or its table is not as it should be.
pub fn load(path: &Path) -> Result<&'static str, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let table = headlock_door::load(path).map_err(|error| told(&error))?;
    machine::take_pauses(path, base(path).map_err(|error| told(&error))?)?;
    fill(table);
    Ok(table.strategy().name)
}

/// Where a library lies: where the first piece of its file does.
fn base(path: &Path) -> Result<u64, std::io::Error> {
    let path = path.canonicalize()?;
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let piece = maps.lines().find(|line| line.ends_with(&*path.to_string_lossy()));
    let start = piece.and_then(|line| u64::from_str_radix(line.split('-').next()?, 16).ok());
    start.ok_or_else(|| std::io::Error::other("it is not where the loader has put it"))
}

fn fill(table: Table) {
    Slot(SLOT).fill(table).expect("one list behind the C interface is played by a process");
}

/// Has `visitor` visit the list of that name.
///
/// # Errors
/// If there is none.
pub fn visit(name: &str, visitor: &mut impl Visitor) -> Result<(), String> {
    /// Looks for a strategy that ships.
    struct Find<'a, V> {
        name: &'a str,
        then: &'a mut V,
        /// Whether it is to be led through the C interface.
        behind: bool,
        found: bool,
    }
    impl<V: Visitor> Visitor for Find<'_, V> {
        fn visit<L: TimerList>(&mut self) {
            if L::STRATEGY.name != self.name {
                return;
            }
            self.found = true;
            if self.behind {
                fill(table_of::<L>());
                self.then.visit::<CList<SLOT>>();
            } else {
                self.then.visit::<L>();
            }
        }
    }
    if Slot(SLOT).table().is_some_and(|table| table.strategy().name == name) {
        visitor.visit::<CList<SLOT>>();
        return Ok(());
    }
    let own = name.strip_suffix(SUFFIX);
    let mut find = Find {
        name: own.unwrap_or(name),
        then: visitor,
        behind: own.is_some(),
        found: false,
    };
    visit_builtin(&mut find);
    if find.found {
        Ok(())
    } else {
        Err(format!("no strategy {name:?}"))
    }
}
