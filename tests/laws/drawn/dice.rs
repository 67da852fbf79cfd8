//! Choices drawn from a seed: one seed, one run.

#[derive(Clone, Debug)]
pub struct Dice(fastrand::Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Whether one of so many.
    pub fn one_in(&mut self, sides: usize) -> bool {
        self.0.usize(..sides.max(1)) == 0
    }

    pub fn percent(&mut self, percent: usize) -> bool {
        self.0.usize(..100) < percent
    }

    pub fn below(&mut self, sides: usize) -> usize {
        self.0.usize(..sides.max(1))
    }

    pub fn of<'o, T>(&mut self, options: &'o [T]) -> &'o T {
        &options[self.below(options.len())]
    }

    pub fn shuffle<T>(&mut self, options: &mut [T]) {
        self.0.shuffle(options);
    }

    /// A seed for a part of its own.
    pub fn seed(&mut self) -> u64 {
        self.0.u64(..)
    }
}
