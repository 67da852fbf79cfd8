//! Steps of work on documents, counted in debug builds and in no other: tests hold the growth of the
//! work against the growth of what is sent, and need no clock for it.
//!
//! A step is one look at a value, a member or a number, or one byte read or printed. What never
//! looks at a document is not counted.

#[cfg(debug_assertions)]
thread_local! {
    static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Counts steps of this thread.
#[inline]
pub fn step(count: usize) {
    #[cfg(debug_assertions)]
    STEPS.with(|steps| steps.set(steps.get().saturating_add(count as u64)));
    #[cfg(not(debug_assertions))]
    let _ = count;
}

/// The steps of this thread since it began; always 0 in a release build.
pub fn steps() -> u64 {
    #[cfg(debug_assertions)]
    return STEPS.with(std::cell::Cell::get);
    #[cfg(not(debug_assertions))]
    0
}
