//! What may be asked of an attribute at all: no secret is compared, and nothing is sifted by what no
//! answer shows (RFC 7643 section 7 `returned`, RFC 7644 section 7.5.2).

use crate::fault::{Cause, Fault};
use crate::gateway::pair::{Pair, is_common};
use crate::scim::Path;
use crate::scim::filter::Filter;
use crate::scim::query::Sort;
use crate::scim::schema::Returned;

impl Pair {
    /// Refuses a filter on what the client is never told.
    ///
    /// # Errors
    /// `Forbidden` (`sensitive`) for a secret, `InvalidFilter` for anything else.
    pub(super) fn readable(&self, filter: &Filter) -> Result<(), Fault> {
        filter.paths().iter().try_for_each(|path| {
            let names = names(path);
            if self.is_secret(&names) {
                return Err(secret());
            }
            match self.own(&names) {
                Returned::Never => Err(unshown(path)),
                _ if self.hides(&names) => Err(unshown(path)),
                _ => Ok(()),
            }
        })
    }

    /// Refuses to sift by what the upstream does not show.
    ///
    /// # Errors
    /// `InvalidFilter`.
    pub(super) fn sifts(&self, test: &Filter) -> Result<(), Fault> {
        test.paths().iter().try_for_each(|path| match self.returned(&names(path)) {
            Returned::Never | Returned::Request => Err(unshown(path)),
            Returned::Always | Returned::Default => Ok(()),
        })
    }

    /// Refuses an order by what is not shown.
    ///
    /// # Errors
    /// `Forbidden` (`sensitive`) for a secret, `InvalidValue` for anything else.
    pub(super) fn sortable(&self, sort: &Sort) -> Result<(), Fault> {
        let names = names(&sort.by);
        if self.is_secret(&names) {
            return Err(secret());
        }
        match self.returned(&names) {
            shown if shown == Returned::Never || self.hides(&names) => {
                let detail = "Answers of this route never show what sortBy names: sort by another \
                              attribute.";
                Err(Fault::new(Cause::InvalidValue, detail))
            }
            _ => Ok(()),
        }
    }

    /// Whether some resource may have what the order is by.
    pub(super) fn orders(&self, sort: &Sort) -> bool {
        let names = names(&sort.by);
        is_common(&names) || self.feeds.reach(&names)
    }
}

/// The same refusal of a request that says it in its body, where it stands in no URL.
pub fn in_body(fault: Fault) -> Fault {
    match fault.scim_type {
        Some("sensitive") => Fault::new(Cause::InvalidFilter, fault.detail),
        _ => fault,
    }
}

fn names(path: &Path) -> Vec<String> {
    path.members().map(str::to_owned).collect()
}

fn secret() -> Fault {
    let detail = "A secret is neither compared nor sorted by: it would stand in URLs and logs, and the \
                  answer would tell of it. Leave it out of the request.";
    Fault { scim_type: Some("sensitive"), ..Fault::new(Cause::Forbidden, detail) }
}

fn unshown(path: &Path) -> Fault {
    let detail = format!(
        "Answers of this route do not show {path}, so who satisfies the filter cannot be known. Filter by \
         another attribute."
    );
    Fault::new(Cause::InvalidFilter, detail)
}
