//! Compiles the virtual machine, which must not be instrumented itself, and links all of it: it replaces functions of the C library.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=runtime");
    // A list in C finds these functions in the program.
    println!("cargo::rustc-link-arg-bins=-Wl,--export-dynamic");
    #[cfg(feature = "instrumented")]
    cc::Build::new()
        .files(["thread", "line", "tsan", "memory", "system", "lock"].map(|part| format!("runtime/{part}.c")))
        .flags([
            "-std=gnu11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fno-stack-protector",
            "-fno-builtin",
        ])
        .opt_level(2)
        .link_lib_modifier("+whole-archive")
        .compile("headlock_vm");
}
