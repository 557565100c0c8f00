//! Hazard pointers on haphazard: a reader notes which node it looks at, and a retired node is released once nobody has noted
//! it.

use std::ops::Deref;
use std::ptr::{self, NonNull};

use haphazard::raw::Pointer;
use haphazard::{Domain, HazardPointer};

use super::{HeadPointer, HeadView, Node, Published, ReadSide, Reclaim, RetiredNode};
use crate::Nanos;

/// Tells our hazard pointers from anybody else's at compile time; `retire` tells those of two lists apart.
pub struct Family;

/// The published head under a hazard pointer domain of its own.
#[repr(C)]
pub struct Hazard {
    published: Published,
    domain: Domain<Family>,
}

/// A thread's hazard pointer.
pub struct HazardReader<'a> {
    owner: &'a Hazard,
    pointer: HazardPointer<'a, Family>,
}

impl Reclaim for Hazard {
    type Local<'a> = HazardReader<'a>;

    fn new() -> Self {
        Hazard { published: Published::new(), domain: Domain::new(&Family) }
    }

    fn local(&self) -> HazardReader<'_> {
        HazardReader {
            owner: self,
            pointer: HazardPointer::new_in_domain(&self.domain),
        }
    }

    #[inline]
    fn publish(&self, head: HeadPointer) {
        self.published.publish(head);
    }

    fn retire(&self, local: &mut HazardReader<'_>, node: RetiredNode) {
        assert!(ptr::eq(self, local.owner), "a node is retired where its readers are registered");
        // SAFETY: the node is no longer published, so nobody protects it from now on; it is retired once, by its owner; and
        // it stays allocated until the domain drops that owner.
        #[allow(unsafe_code)]
        unsafe {
            self.domain.retire_ptr::<Node, Garbage>(node.into_raw());
        }
    }
}

/// A retired node as the domain wants it.
struct Garbage(NonNull<Node>);

impl Deref for Garbage {
    type Target = Node;
    fn deref(&self) -> &Node {
        // SAFETY: the pointer is that of a retired node that is not dropped yet: see `Pointer`.
        #[allow(unsafe_code)]
        unsafe {
            self.0.as_ref()
        }
    }
}

impl Drop for Garbage {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `RetiredNode::into_raw`, and the domain makes one of us of it, once.
        #[allow(unsafe_code)]
        drop(unsafe { RetiredNode::from_raw(self.0) });
    }
}

// SAFETY: the pointer that goes in comes out again, and points at an allocated node until the value is dropped.
#[allow(unsafe_code)]
unsafe impl Pointer<Node> for Garbage {
    fn into_raw(self) -> *mut Node {
        std::mem::ManuallyDrop::new(self).0.as_ptr()
    }

    unsafe fn from_raw(node: *mut Node) -> Self {
        // SAFETY: the pointer came from `into_raw` or from a retired node, and neither is ever null.
        Garbage(unsafe { NonNull::new_unchecked(node) })
    }
}

impl<'a> ReadSide for HazardReader<'a> {
    type Section<'s>
        = HazardSection<'s, 'a>
    where
        Self: 's;

    #[inline]
    fn enter(&mut self) -> HazardSection<'_, 'a> {
        HazardSection { published: &self.owner.published, pointer: &mut self.pointer }
    }
}

/// A hazard pointer in use.
pub struct HazardSection<'s, 'a> {
    published: &'s Published,
    pointer: &'s mut HazardPointer<'a, Family>,
}

impl HeadView for HazardSection<'_, '_> {
    #[inline]
    fn read(&mut self) -> Option<Nanos> {
        // SAFETY: what is published is null or a node that stays allocated while it is, and is deallocated only through
        // `retire`, in the domain that this hazard pointer belongs to (`retire` checks that).
        #[allow(unsafe_code)]
        let node = unsafe { self.pointer.protect(self.published.word()) };
        node.map(Node::expire)
    }

    #[inline]
    fn moves(&self) -> u64 {
        self.published.moves()
    }
}

impl Drop for HazardSection<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        self.pointer.reset_protection();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// haphazard's own atomic pointer, which the list does not use, takes a value apart and puts it together again.
    #[test]
    fn the_pointer_that_goes_in_comes_out_again() {
        let node = super::super::node::OwnedNode::new().into_raw();
        // SAFETY: nobody else has the node.
        #[allow(unsafe_code)]
        let out = unsafe { Garbage::from_raw(node) }.into_raw();
        assert_eq!(out, node);
        // SAFETY: what was made of the pointer is taken apart again.
        #[allow(unsafe_code)]
        drop(unsafe { Garbage::from_raw(out) });
    }
}
