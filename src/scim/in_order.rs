//! Looking names up that mostly come in the order of the list they are looked up in: a document's members
//! in their schema's. Who comes so is found at once, and who does not as if nothing had been supposed.

use super::same::same;
use super::schema::Attribute;

/// What has a name among others of its kind, of which no two differ by case alone.
pub trait Named {
    /// What it is called.
    fn name(&self) -> &str;
}

impl Named for Attribute {
    fn name(&self) -> &str {
        &self.name
    }
}

/// A list of named things, and where the one after the last that was found lies.
pub struct InOrder<'s, T> {
    list: &'s [T],
    next: usize,
}

impl<'s, T: Named> InOrder<'s, T> {
    pub fn new(list: &'s [T]) -> Self {
        Self { list, next: 0 }
    }

    /// What is called that, in whatever case.
    pub fn find(&mut self, name: &str) -> Option<&'s T> {
        let (before, after) = self.list.split_at_checked(self.next).unwrap_or((self.list, &[]));
        let is = |one: &T| same(one.name(), name);
        let near = after.iter().position(is).map(|at| self.next.saturating_add(at));
        let at = near.or_else(|| before.iter().position(is))?;
        self.next = at.saturating_add(1);
        self.list.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Named for &str {
        fn name(&self) -> &str {
            self
        }
    }

    #[test]
    fn everything_is_found_in_whatever_order_it_is_asked_for() {
        let list = ["a", "b", "c", "d"];
        let orders = [["a", "b", "c", "d"], ["D", "C", "B", "A"], ["b", "b", "a", "d"]];
        for order in orders {
            let mut known = InOrder::new(&list);
            for name in order {
                assert_eq!(known.find(name).copied(), Some(&*name.to_lowercase()), "{order:?}");
                assert_eq!(known.find("x"), None);
            }
        }
        assert_eq!(InOrder::<&str>::new(&[]).find("a"), None);
    }
}
