//! No lockless reader ever holds a node, so a retired node goes at once.

use super::{HeadPointer, Reclaim, RetiredNode};

/// For strategies whose readers never touch a node without the lock.
pub struct Immediate;

impl Reclaim for Immediate {
    const DEFERS: bool = false;

    type Local<'a> = ();

    fn new() -> Self {
        Immediate
    }
    fn local(&self) {}
    #[inline]
    fn publish(&self, _head: HeadPointer) {}
    fn retire(&self, (): &mut (), node: RetiredNode) {
        drop(node);
    }
}
