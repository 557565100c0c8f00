//! Lists in C: compiled with the instrumentation, for the virtual machine to load.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

use crate::{description, vm};

/// What `--load` says of itself.
pub const HELP: &str =
    "A list in C, by its source, beside the strategies named; may be repeated. CC, CFLAGS, LDFLAGS and LDLIBS are used";

/// A list in C.
struct Library {
    name: &'static str,
    path: PathBuf,
}

/// Those of this process, which the virtual machine's processes load.
static LOADED: OnceLock<Vec<Library>> = OnceLock::new();

/// Functions of the C library that ThreadSanitizer's runtime stands in for; the virtual machine sees them by other names.
const COPIES: [&str; 3] = ["memcpy", "memmove", "memset"];

/// What is told to the compiler beside what this program tells it.
#[derive(Default)]
struct Flags {
    compiler: Vec<String>,
    linker: Vec<String>,
}

impl Flags {
    fn of_environment() -> Flags {
        let flags = |name: &str| std::env::var(name).unwrap_or_default();
        let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
        Flags {
            compiler: words(flags("CFLAGS")),
            linker: words(format!("{} {}", flags("LDFLAGS"), flags("LDLIBS"))),
        }
    }
}

/// Compiles these lists, and answers their names. Called once.
pub fn load(sources: &[PathBuf]) -> Result<Vec<&'static str>> {
    let flags = Flags::of_environment();
    let sources: Vec<(&Path, &Flags)> = sources.iter().map(|source| (source.as_path(), &flags)).collect();
    load_with(&sources)
}

fn load_with(sources: &[(&Path, &Flags)]) -> Result<Vec<&'static str>> {
    let mut libraries: Vec<Library> = Vec::new();
    for (number, (source, flags)) in sources.iter().enumerate() {
        let path = compile(source, number, flags).with_context(|| format!("--load {}", source.display()))?;
        let name = vm::run(&["name", &path.to_string_lossy()], &[])?.trim().to_owned();
        ensure!(
            libraries.iter().all(|other| other.name != name),
            "--load {}: there is a list {name} already",
            source.display()
        );
        libraries.push(Library { name: name.leak(), path });
    }
    Ok(LOADED.get_or_init(|| libraries).iter().map(|library| library.name).collect())
}

/// The names of those that were loaded.
pub fn names() -> impl Iterator<Item = &'static str> {
    LOADED.get().into_iter().flatten().map(|library| library.name)
}

/// The library of a list in C.
pub fn path(strategy: &str) -> Option<&'static Path> {
    let library = LOADED.get()?.iter().find(|library| library.name == strategy)?;
    Some(&library.path)
}

/// Removes what was compiled.
pub fn clean() {
    // Best effort: what stays is small, and in the directory for such things.
    let _ = std::fs::remove_dir_all(directory());
}

fn directory() -> PathBuf {
    std::env::temp_dir().join(format!("headlock-model-lists-{}", std::process::id()))
}

/// Compiles a source with the calls of ThreadSanitizer and links it without its runtime, which the virtual machine stands in for.
fn compile(source: &Path, number: usize, flags: &Flags) -> Result<PathBuf> {
    ensure!(
        source.extension().is_some_and(|extension| extension == "c"),
        "the source of the list expected, a file NAME.c: a library would be linked with ThreadSanitizer's own runtime"
    );
    ensure!(source.is_file(), "no such file");
    let dir = directory();
    std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    let at = |extension: &str| dir.join(format!("{number}.{extension}"));
    let (object, library) = (at("o"), at("so"));
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    done(
        Command::new(&compiler)
            .args(["-O2", "-fPIC", "-I"])
            .arg(description::root()?.join("include"))
            .args(&flags.compiler)
            // Headers that do something else under ThreadSanitizer are to do what they do when they ship.
            .args(["-fsanitize=thread", "-U__SANITIZE_THREAD__", "-U_FORTIFY_SOURCE", "-c"])
            .arg(source)
            .arg("-o")
            .arg(&object),
    )?;
    let renamed = COPIES.map(|name| format!("--redefine-sym={name}=__tsan_{name}"));
    done(Command::new("objcopy").args(renamed).arg(&object))?;
    done(Command::new(&compiler).arg("-shared").arg(&object).arg("-o").arg(&library).args(&flags.linker))?;
    let text = done(Command::new("objdump").args(["-d", "--no-show-raw-insn"]).arg(&library))?;
    std::fs::write(at("pauses"), pauses(&text)).with_context(|| at("pauses").display().to_string())?;
    Ok(library)
}

/// The addresses of a disassembly's pause instructions, a line each.
fn pauses(disassembly: &str) -> String {
    let lines = disassembly.lines().filter_map(|line| {
        let (address, instruction) = line.split_once(':')?;
        (instruction.trim() == "pause").then(|| format!("{}\n", address.trim()))
    });
    lines.collect()
}

/// Waits for a tool; answers what it printed.
fn done(command: &mut Command) -> Result<String> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| tool.clone())?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{tool} ended with {}:\n{}", output.status, said.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_instructions_are_found() {
        let text = "0000000000001100 <spin>:\n    1104:\tpause\n    1106:\tjmp    1104 <spin+0x4>\n    110b:\tcall   1030 <pause@plt>\n";
        assert_eq!(pauses(text), "1104\n");
    }

    #[test]
    fn a_library_is_no_source() {
        let error = compile(Path::new("mine.so"), 0, &Flags::default()).unwrap_err().to_string();
        assert!(error.starts_with("the source of the list expected"), "{error}");
    }

    /// The lists of `examples/c`, those on liburcu where it is installed: counted, and played by threads that wait for each other.
    #[test]
    #[ignore = "needs the instrumented program: scripts/model test"]
    fn lists_in_c_are_counted_and_played() {
        let root = description::root().unwrap();
        let source = |name: &str| root.join("examples/c").join(name);
        let plain = Flags::default();
        let with_urcu = Flags {
            compiler: vec!["-ftls-model=initial-exec".to_owned()],
            linker: vec!["-lurcu-memb".to_owned()],
        };
        let sources = [source("qemu-2013.c"), source("qemu-2016.c"), source("qemu-rfc.c")];
        let mut lists = vec![(sources[0].as_path(), &plain), (&sources[1], &plain)];
        let header = ["-fsyntax-only", "-include", "urcu/urcu-memb.h", "-x", "c", "/dev/null"];
        if done(Command::new("cc").args(header)).is_ok() {
            lists.push((&sources[2], &with_urcu));
        } else {
            eprintln!("skipped: qemu-rfc, because liburcu's headers are not installed");
        }
        let names = load_with(&lists).unwrap();
        let count = |strategy: &str, operation: &str, column: &str| -> u64 {
            let csv = vm::anatomy(strategy).unwrap();
            assert_eq!(csv, vm::anatomy(strategy).unwrap(), "two counts are alike");
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let at = reader.headers().unwrap().iter().position(|name| name == column).unwrap();
            let row = reader.records().map(Result::unwrap).find(|row| &row[1] == operation && &row[2] == "alone");
            row.unwrap()[at].parse().unwrap()
        };
        // A thousand rounds. The mutex of the C library: a compare-and-swap to take it, an exchange to give it back.
        assert_eq!(count("qemu-2013", "deadline", "rmws"), 2_000);
        assert_eq!(count("qemu-2013", "create", "allocations"), 1_000);
        assert_eq!(count("qemu-2016", "deadline", "rmws"), 2_000);
        let heads = count("qemu-2016", "deadline", "atomic_loads") - count("qemu-2013", "deadline", "atomic_loads");
        assert_eq!(heads, 1_000, "the look at the head before the lock");
        if names.contains(&"qemu-rfc") {
            assert_eq!(count("qemu-rfc", "deadline", "rmws") + count("qemu-rfc", "deadline", "fences"), 0);
            assert_eq!(count("qemu-rfc", "deadline", "atomic_loads"), 2_000, "the head, and its deadline");
        }
        let machine = description::Description::load("graviton3").unwrap();
        let churned = "timers = 10\nmix = { deadline = 80, churn = 20 }\n";
        let churned = headlock::workload::Workload::from_toml(churned, "churned.toml").unwrap();
        let actions = crate::plan::Actions::Drawn(churned);
        for name in names.into_iter().chain(["mutex@c"]) {
            let play = || crate::predict::points(&machine, &[(&actions, name, 8)], 1).unwrap().remove(0).played;
            let played = play();
            assert_eq!(played, play(), "{name}: two plays are alike");
            let threads = &played[1].threads;
            assert!(threads.len() == 8 && threads.iter().all(|it| it.ops > 0), "{name}: {played:?}");
            let waits = |it: &vm::ThreadPlayed| it.parks > 0 || it.waited_ps > 0;
            assert!(threads.iter().any(waits), "{name}: nobody waited for anybody");
        }
        clean();
    }
}
