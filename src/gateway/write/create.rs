//! A create in the upstream's words.

use super::demand;
use crate::fault::Fault;
use crate::gateway::pair::{Losses, Pair, checked};
use crate::rewrite::lens::strip_cleared;
use crate::rewrite::translate::{Message, Translation};
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};

/// A request in the upstream's words, not yet framed.
#[derive(Debug)]
pub struct Lowered {
    pub object: Object<'static>,
    pub losses: Losses,
    /// The client creates the resource inactive, and the upstream takes no `active` on create.
    pub deactivate: bool,
}

impl Pair {
    /// The client's attributes as a create in the upstream's words.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule or the upstream's schema refuses.
    pub fn create(&self, user: &Object<'_>) -> Result<Lowered, Fault> {
        self.create_lifted(self.client.lift(user, Message::Request(Operation::Create)))
    }

    /// The same of a resource that is lifted already.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_lifted(&self, lifted: Translation<'_>) -> Result<Lowered, Fault> {
        let message = Message::Request(Operation::Create);
        let lifted = checked(lifted)?;
        let mut lowered = checked(self.upstream.lower(&lifted.object, message))?;
        let made = self.upstream.complete(&mut lowered.object, &lifted.object, Operation::Create);
        strip_cleared(&mut lowered.object, &self.upstream.vendor.attributes);
        let deactivate = lifted.object.get("active").and_then(Value::as_bool) == Some(false)
            && lowered.losses.iter().any(|loss| &*loss.place == "active")
            && self.can_deactivate();
        if deactivate {
            lowered.losses.retain(|loss| &*loss.place != "active");
        }
        lowered.losses.extend(made);
        demand::check(&lowered.object, &self.upstream.vendor, Operation::Create)?;
        Ok(Lowered {
            object: lowered.object.into_owned(),
            losses: Losses { lifting: lifted.losses, lowering: lowered.losses },
            deactivate,
        })
    }
}
