//! Looking names up that mostly come in the order of the list they are looked up in: a document's members
//! in their schema's. Who comes so is found at once, and who does not as if nothing had been supposed.

use super::schema::Attribute;

/// A list of named things, and where the one after the last that was found lies.
pub struct InOrder<'s, T> {
    list: &'s [T],
    name: fn(&T) -> &str,
    next: usize,
}

impl<'s, T> InOrder<'s, T> {
    /// `name` says what each of the list is called; no two names differ by case alone.
    pub fn new(list: &'s [T], name: fn(&T) -> &str) -> Self {
        Self { list, name, next: 0 }
    }

    /// What is called that, in whatever case.
    pub fn find(&mut self, name: &str) -> Option<&'s T> {
        let (before, after) = self.list.split_at_checked(self.next).unwrap_or((self.list, &[]));
        let is = |one: &T| (self.name)(one).eq_ignore_ascii_case(name);
        let near = after.iter().position(is).map(|at| self.next.saturating_add(at));
        let at = near.or_else(|| before.iter().position(is))?;
        self.next = at.saturating_add(1);
        self.list.get(at)
    }
}

/// Attributes by their names.
pub fn attributes(list: &[Attribute]) -> InOrder<'_, Attribute> {
    InOrder::new(list, |attribute| &attribute.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_found_in_whatever_order_it_is_asked_for() {
        let list = ["a", "b", "c", "d"];
        let orders = [["a", "b", "c", "d"], ["D", "C", "B", "A"], ["b", "b", "a", "d"]];
        for order in orders {
            let mut known = InOrder::new(&list, |name| name);
            for name in order {
                assert_eq!(known.find(name).copied(), Some(&*name.to_lowercase()), "{order:?}");
                assert_eq!(known.find("x"), None);
            }
        }
        assert_eq!(InOrder::new(&[], |name: &&str| name).find("a"), None);
    }
}
