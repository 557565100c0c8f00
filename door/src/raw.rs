//! `include/headlock.h` in Rust: the same structures, member by member. A test compiles the header and compares the two.
//!
//! Functions have the ABI that lets an exception through, so that one that leaves a library meets [`crate::guard`] and is no
//! undefined behaviour on the way there.

use std::ffi::{c_char, c_int, c_void};

use headlock_strategies::GraceProbe;

/// `HEADLOCK_VERSION`: the version of the interface, and the only one that is understood.
pub const VERSION: u32 = 1;
/// `HEADLOCK_NO_TIMER`.
pub const NO_TIMER: u64 = u64::MAX;
/// `HEADLOCK_EMPTY`.
pub const EMPTY: i64 = i64::MIN;

/// `struct headlock_list`, the library's own.
#[repr(C)]
pub struct RawList([u8; 0]);

/// `struct headlock_handle`, the library's own.
#[repr(C)]
pub struct RawHandle([u8; 0]);

/// `struct headlock_config`.
#[repr(C)]
#[derive(Debug)]
pub struct RawConfig {
    pub size: usize,
    pub hold_spins: u32,
    pub spin: extern "C" fn(u32),
    pub retired: Option<extern "C" fn(*const RawConfig) -> u64>,
    pub reclaimed: Option<extern "C" fn(*const RawConfig, u64)>,
    /// Behind what the header knows, for the two functions above.
    pub probe: Option<GraceProbe>,
}

/// Bytes of a [`RawConfig`] that the header knows.
pub const CONFIG_SIZE: usize = std::mem::offset_of!(RawConfig, probe);

/// `struct headlock_lock_counts`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct RawLockCounts {
    pub acquisitions: u64,
    pub contended: u64,
    pub wait_ns: u64,
}

/// `struct headlock_counts`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct RawCounts {
    pub lock: RawLockCounts,
    pub retries: u64,
    pub retired: u64,
    pub reclaimed: u64,
    pub peak_unreclaimed: u64,
}

/// `headlock_fire`.
pub type Fire = unsafe extern "C-unwind" fn(*mut c_void, u64);

/// The members of `struct headlock_strategy` before its functions. All zeros are valid values of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RawHead {
    pub version: u32,
    pub size: u32,
    pub name: *const c_char,
    pub summary: *const c_char,
    pub built_on: *const c_char,
    pub writer: *const c_char,
    pub reference: *const c_char,
    pub reader: u32,
    pub progress: u32,
    pub freshness: u32,
}

/// Declares the functions of `struct headlock_strategy` twice: as they lie in a library's table, where any may be missing, and as they
/// are called, where the mandatory ones are not.
macro_rules! functions {
    (mandatory { $($name:ident: $type:ty,)* } optional { $($may:ident: $may_type:ty,)* }) => {
        /// `struct headlock_strategy`, before anybody has looked at it.
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct RawStrategy {
            pub head: RawHead,
            $(pub $name: Option<$type>,)*
            $(pub $may: Option<$may_type>,)*
        }

        /// The functions of a table whose mandatory ones are there.
        #[derive(Clone, Copy, Debug)]
        pub struct Functions {
            $(pub $name: $type,)*
            $(pub $may: Option<$may_type>,)*
        }


        impl Functions {
            /// Those of a table, or the name of the first one that is missing.
            pub fn of(raw: &RawStrategy) -> Result<Self, &'static str> {
                Ok(Functions {
                    $($name: raw.$name.ok_or(stringify!($name))?,)*
                    $($may: raw.$may,)*
                })
            }
        }
    };
}

functions! {
    mandatory {
        create_list: unsafe extern "C-unwind" fn(*const RawConfig) -> *mut RawList,
        destroy_list: unsafe extern "C-unwind" fn(*mut RawList),
        create_handle: unsafe extern "C-unwind" fn(*mut RawList) -> *mut RawHandle,
        destroy_handle: unsafe extern "C-unwind" fn(*mut RawHandle),
        create: unsafe extern "C-unwind" fn(*mut RawHandle) -> u64,
        free: unsafe extern "C-unwind" fn(*mut RawHandle, u64),
        modify: unsafe extern "C-unwind" fn(*mut RawHandle, u64, i64) -> c_int,
        anticipate: unsafe extern "C-unwind" fn(*mut RawHandle, u64, i64) -> c_int,
        cancel: unsafe extern "C-unwind" fn(*mut RawHandle, u64) -> c_int,
        deadline: unsafe extern "C-unwind" fn(*mut RawHandle) -> i64,
        run: unsafe extern "C-unwind" fn(*mut RawHandle, i64, Fire, *mut c_void) -> usize,
    }
    optional {
        expired: unsafe extern "C-unwind" fn(*mut RawHandle, i64) -> c_int,
        quiescent: unsafe extern "C-unwind" fn(*mut RawHandle),
        counts: unsafe extern "C-unwind" fn(*mut RawList, *mut RawCounts),
        local_counts: unsafe extern "C-unwind" fn(*mut RawHandle, *mut RawCounts),
        lock_counts: unsafe extern "C-unwind" fn(*mut RawHandle, *mut RawLockCounts),
        count_locks: unsafe extern "C-unwind" fn(*mut RawHandle, c_int),
    }
}

/// Bytes of a table that has all mandatory functions.
pub const LEAST_SIZE: usize = std::mem::offset_of!(RawStrategy, expired);

#[cfg(test)]
mod tests {
    use std::mem::{offset_of, size_of};
    use std::path::Path;
    use std::process::Command;

    use super::*;

    /// What a C program prints that was compiled with the header.
    fn printed(body: &str) -> String {
        let directory = tempfile::tempdir().expect("a directory for the program");
        let [source, program] = ["layout.c", "layout"].map(|name| directory.path().join(name));
        let text = format!("#include <stdio.h>\n#include <headlock.h>\nint main(void) {{\n{body}\nreturn 0;\n}}\n");
        std::fs::write(&source, text).expect("the source can be written");
        let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include");
        let compiled = Command::new("cc").arg("-I").arg(include).arg(&source).arg("-o").arg(&program).output();
        let compiled = compiled.expect("a C compiler");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let output = Command::new(program).output().expect("the program starts");
        String::from_utf8(output.stdout).expect("numbers are text")
    }

    macro_rules! same_layout {
        ($(struct $name:literal is $type:ty { $($member:ident)* $(; $($head:ident)*)? })*) => {{
            let mut body = String::new();
            let mut ours = String::new();
            $(
                $(
                    body += concat!("printf(\"", $name, ".", stringify!($member), " %zu\\n\", offsetof(struct ", $name, ", ", stringify!($member), "));\n");
                    ours += &format!(concat!($name, ".", stringify!($member), " {}\n"), offset_of!($type, $member));
                )*
                $($(
                    body += concat!("printf(\"", $name, ".", stringify!($head), " %zu\\n\", offsetof(struct ", $name, ", ", stringify!($head), "));\n");
                    ours += &format!(concat!($name, ".", stringify!($head), " {}\n"), offset_of!($type, head) + offset_of!(RawHead, $head));
                )*)?
            )*
            (body, ours)
        }};
    }

    #[test]
    fn the_header_says_the_same() {
        let (mut body, mut ours) = same_layout! {
            struct "headlock_config" is RawConfig { size hold_spins spin retired reclaimed }
            struct "headlock_lock_counts" is RawLockCounts { acquisitions contended wait_ns }
            struct "headlock_counts" is RawCounts { lock retries retired reclaimed peak_unreclaimed }
            struct "headlock_strategy" is RawStrategy {
                create_list destroy_list create_handle destroy_handle create free modify anticipate cancel deadline run expired
                quiescent counts local_counts lock_counts count_locks;
                version size name summary built_on writer reference reader progress freshness
            }
        };
        let sizes = [
            ("headlock_config", CONFIG_SIZE),
            ("headlock_lock_counts", size_of::<RawLockCounts>()),
            ("headlock_counts", size_of::<RawCounts>()),
            ("headlock_strategy", size_of::<RawStrategy>()),
        ];
        for (name, size) in sizes {
            body += &format!("printf(\"{name} %zu\\n\", sizeof(struct {name}));\n");
            ours += &format!("{name} {size}\n");
        }
        body += "printf(\"%d %lld %lld %d %d %d\\n\", HEADLOCK_VERSION, (long long)HEADLOCK_EMPTY, (long long)HEADLOCK_POISON,\n\
                 HEADLOCK_NO_TIMER == UINT64_MAX, HEADLOCK_READER_ASYMMETRIC, HEADLOCK_PROGRESS_WAIT_FREE + HEADLOCK_FRESHNESS_RACY);\n";
        let poison = headlock_strategies::reclaim::POISON.0;
        ours += &format!("{VERSION} {EMPTY} {poison} {} 4 5\n", i32::from(NO_TIMER == u64::MAX));
        assert_eq!(printed(&body), ours);
    }
}
