//! Completions, manual pages and the README's table say what the program's own help and list say.

use std::path::Path;
use std::process::{Command, Stdio};

/// What a command prints; it must succeed.
fn headlock(words: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_headlock"))
        .env("HEADLOCK_STATE", "")
        .args(words)
        .output()
        .expect("headlock starts");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

/// The commands that the program's help names.
fn commands() -> Vec<String> {
    let help = headlock(&["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let named = listed.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let names: Vec<String> = named.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(names.iter().any(|name| name == "run") && names.iter().any(|name| name == "man"), "{names:?}");
    names.into_iter().filter(|name| name != "help").collect()
}

/// The long flags in a command's help, without what stands in examples.
fn flags(command: &str) -> Vec<String> {
    let help = headlock(&[command, "--help"]);
    let options = help.split("Examples:").next().unwrap_or_default();
    let lines = options.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = lines.filter_map(|line| line.split_whitespace().take(2).find(|word| word.starts_with("--")));
    words.map(str::to_owned).collect()
}

#[test]
fn every_command_has_examples_that_call_it() {
    for command in commands() {
        let help = headlock(&[&command, "--help"]);
        let (_, examples) =
            help.split_once("Examples:\n").unwrap_or_else(|| panic!("{command} --help has no examples"));
        assert!(examples.contains(&format!("  headlock {command}")), "{command}: {examples}");
    }
}

#[test]
fn the_manual_has_every_command_and_flag() {
    let page = headlock(&["man"]).replace("\\-", "-");
    for command in commands() {
        assert!(page.contains(&format!("headlock-{command}(1)")), "{command}");
        let page = headlock(&["man", &command]).replace("\\-", "-");
        assert!(page.starts_with(".ie") && page.contains(&format!(".TH headlock-{command} 1")), "{command}");
        assert!(page.contains("Examples:"), "{command}");
        for flag in flags(&command) {
            assert!(page.contains(&flag), "man {command} does not name {flag}");
        }
    }
}

#[test]
fn completions_offer_every_command_and_flag_and_no_hidden_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = headlock(&["completions", shell]);
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
            for flag in flags(&command) {
                // fish writes long flags without their dashes.
                assert!(script.contains(flag.trim_start_matches('-')), "{shell}: {command} {flag}");
            }
        }
        for hidden in ["trial-process", "check-process"] {
            assert!(!script.contains(hidden), "{shell}: {hidden}");
        }
    }
}

#[test]
fn bash_understands_its_script() {
    let script = headlock(&["completions", "bash"]);
    let ask = format!(
        "{script}\nCOMP_WORDS=(headlock replay --ord); COMP_CWORD=2; _headlock headlock --ord replay; echo \"${{COMPREPLY[*]}}\""
    );
    let done = match Command::new("bash").args(["--norc", "-c", &ask]).stdin(Stdio::null()).output() {
        Ok(done) => done,
        Err(error) => return eprintln!("not tried: no bash here ({error})"),
    };
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "--order", "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_readme_has_the_table_that_list_prints() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let table = headlock(&["list", "--markdown"]);
    assert!(readme.contains(table.trim_end()), "README.md does not hold what `headlock list --markdown` prints");
}
