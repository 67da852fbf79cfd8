//! What a route does natively, emulates, refuses and loses: the analysis behind `check`.

use std::fmt::Write;

use super::patch::{is_native, takes_elements, writes};
use crate::dialect::{ListForms, Paging, SearchForms, SearchWhen};
use crate::gateway::pair::{Kind as Resource, Pair, Row, is_free, path};
use crate::gateway::route::{CreateConflict, Delete, Omitted, Policies, Replace};
use crate::rewrite::program::label;
use crate::scim::Value;
use crate::scim::schema::{Kind, Mutability, Operation};

/// The place of extensions that no schema lists.
const ANY: &str = "*";

/// One line of the table of operations.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationReport {
    /// `create`, `replace`, `list`, `filter` …
    pub name: &'static str,
    pub says: Says,
    /// Upstream calls, at least and at most; none where it is refused.
    pub calls: (usize, usize),
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// One call.
    Native,
    /// Several calls do what the upstream cannot do in one.
    Emulated,
    /// Some of it natively, the rest emulated.
    Mixed,
    Refused,
}

/// Every operation of a pair under a route's policies.
pub fn operations(pair: &Pair, policies: &Policies) -> Vec<OperationReport> {
    vec![
        create(pair, policies),
        plain(pair, "get", Operation::Get),
        replace(pair, policies),
        patch(pair),
        delete(pair, policies),
        list(pair, policies),
        filter(pair, policies),
        search(pair, policies),
    ]
}

fn line(
    name: &'static str,
    says: Says,
    calls: (usize, usize),
    why: impl Into<String>,
) -> OperationReport {
    OperationReport { name, says, calls, why: why.into() }
}

fn has(pair: &Pair, operation: Operation) -> bool {
    pair.upstream_resource.operations.has(operation)
}

fn absent(name: &'static str) -> OperationReport {
    line(name, Says::Refused, (0, 0), "the upstream has no such operation")
}

fn plain(pair: &Pair, name: &'static str, operation: Operation) -> OperationReport {
    if !has(pair, operation) {
        return absent(name);
    }
    line(name, Says::Native, (1, 1), "")
}

/// A write whose answer does not show the resource is followed by a look at it.
const LOOK: usize = 1;

fn refused(name: &'static str, why: impl Into<String>) -> OperationReport {
    line(name, Says::Refused, (0, 0), why)
}

/// What a change needs that is made of a read and a write.
const NO_READ: &str = "it has to read the resource first, and the upstream has no get";

fn create(pair: &Pair, policies: &Policies) -> OperationReport {
    if !has(pair, Operation::Create) {
        return absent("create");
    }
    let mut unmet = pair.table.needs.unmet.iter();
    if let Some((path, _)) = unmet.find(|(_, operation)| *operation == Operation::Create) {
        let why = format!(
            "the upstream demands {}, which no client of this route can say: map it, or supply it by \
             `fill` or `set`",
            label(path)
        );
        return refused("create", why);
    }
    let mut most = 1 + LOOK;
    let mut why = Vec::new();
    let late = pair
        .upstream
        .vendor
        .attribute("active")
        .is_some_and(|active| !active.accepted.has(Operation::Create));
    if late && pair.table.works(&["active".to_owned()]).is_some() {
        most += 1;
        why.push(
            "a second call where the client creates what is inactive: the upstream takes no active on \
             create",
        );
    }
    if policies.safety.create_conflict != CreateConflict::Pass && has(pair, Operation::List) {
        // The look-up is a list, which may be a scan.
        most += 2 + most_pages(&pair.upstream_resource.list, policies);
        why.push("where it is there already, it is looked up");
    }
    let says = if why.is_empty() { Says::Native } else { Says::Mixed };
    line("create", says, (1, most), why.join("; "))
}

fn delete(pair: &Pair, policies: &Policies) -> OperationReport {
    match policies.safety.delete {
        Delete::Refuse => refused("delete", "delete = \"refuse\""),
        Delete::Deactivate if pair.kind == Resource::Group => {
            refused("delete", "delete = \"deactivate\": groups stay")
        }
        Delete::Deactivate => {
            let patch = patch(pair);
            if patch.says == Says::Refused {
                return refused("delete", patch.why);
            }
            line("delete", Says::Emulated, (1, 2 + LOOK), "delete = \"deactivate\": made inactive")
        }
        Delete::Forward => plain(pair, "delete", Operation::Delete),
    }
}

fn replace(pair: &Pair, policies: &Policies) -> OperationReport {
    let (puts, patches) = (has(pair, Operation::Replace), has(pair, Operation::Patch));
    if !puts && !patches {
        return refused("replace", "the upstream can neither replace nor patch");
    }
    if policies.replace == Replace::Reset && puts {
        let why = "replace = \"reset\": nothing is kept";
        return line("replace", Says::Native, (1, 1 + LOOK), why);
    }
    let emulated = |why: String| {
        if has(pair, Operation::Get) {
            line("replace", Says::Emulated, (1, 2 + LOOK), why)
        } else {
            refused("replace", NO_READ)
        }
    };
    let why = reads(pair, policies);
    let then = writes(pair, Operation::Replace);
    match puts {
        true => emulated(format!("reads first: {why}; then {then}, if anything changes")),
        false => emulated("the upstream has no PUT: PATCH of the difference".to_owned()),
    }
}

/// What a PUT reads the old resource for (docs/semantics.md 4.8). It always does: whatever the schemas promise, an
/// upstream may hold a value that fits none of them.
fn reads(pair: &Pair, policies: &Policies) -> String {
    let hidden: Vec<&str> =
        pair.table.hidden.iter().map(String::as_str).filter(|p| *p != ANY).collect();
    if !hidden.is_empty() {
        let first = hidden.get(..hidden.len().min(3)).unwrap_or_default().join(", ");
        let more = match hidden.len().saturating_sub(3) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        return format!("the client cannot see {first}{more}, which must be kept");
    }
    let open = pair.client.vendor.open_extensions || pair.has_undeclared();
    let why = match () {
        () if !pair.unreturned.is_empty() || !pair.unasked.is_empty() => {
            "answers leave out what must be kept"
        }
        () if pair.table.hidden.is_empty() && pair.table.aligns => {
            "elements are aligned with those stored"
        }
        () if !pair.table.hidden.is_empty() || open => {
            "the upstream may have extensions that no schema lists, which must be kept"
        }
        () if pair.omission(policies) == Omitted::Keep => "what the client omits is kept",
        () if !pair.unsets_by_leaving_out() => "what is left out has to be told as unset",
        () => "a value that fits no schema must be kept",
    };
    why.to_owned()
}

fn patch(pair: &Pair) -> OperationReport {
    let (mut native, mut emulated) = (Vec::new(), Vec::new());
    for row in pair.table.rows.iter().filter(|row| is_writable(row)) {
        let into = if goes_natively(pair, row) { &mut native } else { &mut emulated };
        into.push(row.client.as_str());
    }
    let elements = elements(pair);
    native.extend(elements.iter().map(String::as_str));
    let (puts, patches) = (has(pair, Operation::Replace), has(pair, Operation::Patch));
    if !puts && !patches {
        return refused("patch", "the upstream can neither replace nor patch");
    }
    if native.is_empty() {
        if !has(pair, Operation::Get) {
            return refused("patch", NO_READ);
        }
        let why = format!("GET, then {}", writes(pair, Operation::Patch));
        return line("patch", Says::Emulated, (1, 2 + LOOK), why);
    }
    let which = if emulated.is_empty() {
        "every attribute by its path".to_owned()
    } else {
        native.join(", ")
    };
    let rest = if has(pair, Operation::Get) {
        format!("else GET, then {}", writes(pair, Operation::Patch))
    } else {
        "nothing else, since the upstream has no get".to_owned()
    };
    let why = format!("in one call: {which}; {rest}");
    line("patch", Says::Mixed, (1, 2 + LOOK), why)
}

/// Arrays whose elements are added and removed natively, one by one.
fn elements(pair: &Pair) -> Vec<String> {
    let arrays = pair.client.vendor.attributes.iter().filter(|array| {
        array.multi_valued
            && array.kind == Kind::Complex
            && array.mutability != Mutability::ReadOnly
            && array.attribute("value").is_some()
    });
    let taken = arrays.filter(|array| takes_elements(pair, array));
    taken.map(|array| format!("{} one by one", array.name)).collect()
}

fn is_writable(row: &Row) -> bool {
    row.client != ANY && row.is_writable()
}

/// Whether replacing the leaf alone is one PATCH of the upstream's.
fn goes_natively(pair: &Pair, row: &Row) -> bool {
    if row.client.contains('[') {
        return false;
    }
    let names: Vec<String> = row
        .names
        .iter()
        .map(|name| if is_free(row) && name == "*" { "key".to_owned() } else { name.clone() })
        .collect();
    let value = match kind(pair, &names) {
        Some(Kind::Boolean) => Value::Bool(true),
        Some(Kind::Integer | Kind::Decimal) => Value::Number(1_u64.into()),
        // It satisfies every format that a schema can name but a UUID's.
        _ => Value::text("a@b"),
    };
    is_native(pair, &path(&names), value)
}

fn kind(pair: &Pair, names: &[String]) -> Option<Kind> {
    let (first, rest) = names.split_first()?;
    let found =
        rest.iter().try_fold(pair.client.vendor.attribute(first)?, |at, name| at.attribute(name));
    found.map(|attribute| attribute.kind)
}

fn list(pair: &Pair, policies: &Policies) -> OperationReport {
    if !has(pair, Operation::List) {
        return absent("list");
    }
    let list = &pair.upstream_resource.list;
    match list.paging {
        Paging::Index => line("list", Says::Native, (1, 1), "the upstream's own pages"),
        Paging::Cursor => {
            let why = "by cursor the upstream's own pages; by index beyond the first page all pages \
                       are read, up to scan_limit";
            line("list", Says::Mixed, (1, most_pages(list, policies)), why)
        }
        Paging::Capped => {
            let most = list.max_count;
            let why = format!(
                "one page; a full page of {most} cannot be shown to be all, and is refused with \
                 tooMany"
            );
            line("list", Says::Mixed, (1, 1), why)
        }
    }
}

fn most_pages(list: &ListForms, policies: &Policies) -> usize {
    policies.scan_limit.div_ceil(list.max_count.max(1))
}

fn filter(pair: &Pair, policies: &Policies) -> OperationReport {
    if !has(pair, Operation::List) {
        return absent("filter");
    }
    let forms = &pair.upstream_resource.filter;
    let list = &pair.upstream_resource.list;
    let most = match list.paging {
        Paging::Index | Paging::Cursor => most_pages(list, policies),
        Paging::Capped => 1,
    };
    let scan = match list.paging {
        Paging::Index | Paging::Cursor => {
            format!("reads all pages, at most {} resources, then tooMany", policies.scan_limit)
        }
        Paging::Capped => {
            format!("reads the one page, and refuses a full one ({})", list.max_count)
        }
    };
    if forms.attributes.is_empty() {
        return line(
            "filter",
            Says::Emulated,
            (1, most),
            format!("the upstream takes none: {scan}"),
        );
    }
    let mut asked = String::new();
    for attribute in &forms.attributes {
        let mut words: Vec<&str> = attribute.operators.iter().map(|o| o.name()).collect();
        words.extend(attribute.present.then_some("pr"));
        let comma = if asked.is_empty() { "" } else { "; " };
        let path = if attribute.path == "*" { "every attribute" } else { &attribute.path };
        // Writing to a String does not fail.
        let _ = write!(asked, "{comma}{path} {}", words.join(" "));
    }
    let connectives: Vec<&str> = [("and", forms.and), ("or", forms.or), ("not", forms.not)]
        .into_iter()
        .filter_map(|(word, can)| can.then_some(word))
        .collect();
    let joined = if connectives.is_empty() {
        String::new()
    } else {
        format!(" with {}", connectives.join(", "))
    };
    let by = match pair.upstream_resource.search {
        Some(SearchForms { when: SearchWhen::Filtered, .. }) => " by POST .search",
        Some(SearchForms { when: SearchWhen::Long, .. }) | None => "",
    };
    let why = format!("asked of the upstream{by}: {asked}{joined}; anything else {scan}");
    line("filter", Says::Mixed, (1, most), why)
}

fn search(pair: &Pair, policies: &Policies) -> OperationReport {
    let as_list = filter(pair, policies);
    let why =
        if as_list.says == Says::Refused { as_list.why } else { "as list and filter".to_owned() };
    OperationReport { name: "search", why, ..as_list }
}

impl Says {
    /// The word in reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Emulated => "emulated",
            Self::Mixed => "mixed",
            Self::Refused => "refused",
        }
    }
}
