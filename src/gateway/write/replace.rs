//! A replacement with the RFC's bare meaning, in the upstream's words.

use super::create::Lowered;
use super::demand;
use crate::fault::Fault;
use crate::gateway::pair::{Losses, Pair, checked};
use crate::rewrite::lens::strip_cleared;
use crate::rewrite::translate::{Message, Translation};
use crate::scim::Object;
use crate::scim::schema::Operation;

impl Pair {
    /// A replacement with the RFC's bare meaning: nothing is kept (`replace = "reset"`, and where
    /// [`needs_read`](Self::needs_read) says that there is nothing to keep).
    ///
    /// # Errors
    /// As [`merge`](Self::merge).
    pub fn replace(&self, user: &Object<'_>) -> Result<Lowered, Fault> {
        self.replace_lifted(user, self.client.lift(user, Message::Request(Operation::Replace)))
    }

    /// The same of a replacement that is lifted already.
    ///
    /// # Errors
    /// As [`merge`](Self::merge).
    pub fn replace_lifted(
        &self,
        user: &Object<'_>,
        lifted: Translation<'_>,
    ) -> Result<Lowered, Fault> {
        let message = Message::Request(Operation::Replace);
        let lifted = checked(lifted)?;
        let mut lowered = checked(self.upstream.lower(&lifted.object, message))?;
        let made = self.upstream.complete(&mut lowered.object, &lifted.object, Operation::Replace);
        self.say_fixed(user, &mut lowered.object)?;
        strip_cleared(&mut lowered.object, &self.upstream.vendor.attributes);
        lowered.losses.extend(made);
        demand::check(&lowered.object, &self.upstream.vendor, Operation::Replace)?;
        Ok(Lowered {
            object: lowered.object.into_owned(),
            losses: Losses { lifting: lifted.losses, lowering: lowered.losses },
            deactivate: false,
        })
    }

    /// What a lifted replacement would lose whatever the old resource is: what is said of a place that the
    /// vendor alone writes may be what it shows there, which [`merge`](Self::merge) sees.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule refuses.
    pub fn replace_losses(&self, lifted: Translation<'_>) -> Result<Losses, Fault> {
        let message = Message::Request(Operation::Replace);
        let lifted = checked(lifted)?;
        let mut lowered = checked(self.upstream.lower(&lifted.object, message))?;
        demand::check_formats(&lowered.object, &self.upstream.vendor)?;
        lowered.losses.retain(|loss| !self.table.told_only.contains(&*loss.place));
        Ok(Losses { lifting: lifted.losses, lowering: lowered.losses })
    }
}
