//! Compiles the shim once for each flavour, and links liburcu.

fn main() {
    println!("cargo::rerun-if-changed=src/shim.c");
    for flavour in ["memb", "qsbr", "bp"] {
        cc::Build::new()
            .file("src/shim.c")
            .define("FLAVOUR", flavour)
            .define("FLAVOUR_HEADER", format!("<urcu/urcu-{flavour}.h>").as_str())
            .opt_level(3)
            .debug(false)
            // As code of an executable is compiled: liburcu is linked at start, so its thread-local words have fixed places.
            .flag("-ftls-model=initial-exec")
            .std("gnu11")
            .compile(&format!("headlock_{flavour}"));
        println!("cargo::rustc-link-lib=urcu-{flavour}");
    }
}
