//! Whole exchanges over in-process sandboxes: what the upstream saw, what the client got.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#[cfg(test)]
mod aside;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod complete;
#[cfg(test)]
mod contenders;
#[cfg(test)]
mod cursors;
#[cfg(test)]
mod derived;
#[cfg(test)]
mod discovered;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod exact;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod filters;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod hidden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod legacy;
#[cfg(test)]
mod lifted;
#[cfg(test)]
mod linear;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod made_versions;
#[cfg(test)]
mod me;
#[cfg(test)]
mod native;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod overlays;
#[cfg(test)]
mod own_view;
#[cfg(test)]
#[path = "../seeds/page.rs"]
mod page;
#[cfg(test)]
mod pairs;
#[cfg(test)]
mod patch_shapes;
#[cfg(test)]
mod patch_sound;
#[cfg(test)]
mod patch_table;
#[cfg(test)]
mod private;
#[cfg(test)]
mod projected;
#[cfg(test)]
mod reported;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod safety;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod searches;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod shelf;
#[cfg(test)]
#[expect(dead_code, reason = "some of it is for tests/proxy alone")]
#[path = "../proxy/harness.rs"]
mod sockets;
#[cfg(test)]
mod sorting;
#[cfg(test)]
mod taken;
#[cfg(test)]
mod told;
#[cfg(test)]
mod typed_patch;
#[cfg(test)]
mod unreadable;
#[cfg(test)]
mod unseen;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod wire;
#[cfg(test)]
mod wired;
#[cfg(test)]
mod write_shapes;
#[cfg(test)]
mod writers;
#[cfg(test)]
mod writes;
