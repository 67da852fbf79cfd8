//! The forms of PATCH that a resource type takes: its own, and those that an upstream may be set to.

use crate::diagnostic::TableKind;
use crate::diagnostic::toml::{Item, Table};
use crate::scim::schema::Schema;

use super::forms::{PatchForms, TypedPatch};
use super::value::paths;

/// Reads `[user.patch]`; `None` where it has a mistake, which was reported.
pub(super) fn patch(table: Table<'_>, schema: &Schema) -> Option<PatchForms> {
    table.is(TableKind::Shared("patch"));
    let own = table.table("typed");
    let wanted = own.is_some();
    let typed = own.and_then(typed);
    // A fact of the vendor's page that decides nothing: what the gateway writes always has a path.
    table.flag("pathless");
    let forms = PatchForms {
        paths: paths(&table, "paths", schema),
        value_paths: table.flag("value_paths"),
        complex_values: table.flag("complex_values"),
        array_values: table.flag("array_values"),
        remove: table.flag("remove"),
        remove_whole: table.item("remove_whole").is_none_or(|item| item.boolean() != Some(false)),
        max_operations: table.item("max_operations").and_then(Item::count).unwrap_or(100),
        typed,
    };
    table.close();
    (wanted == forms.typed.is_some()).then_some(forms)
}

/// Reads `[[user.patch_choice]]`: forms as in `[user.patch]`, each with a `name`.
pub(super) fn choices(table: &Table<'_>, schema: &Schema) -> Vec<(String, PatchForms)> {
    let choice = |table: Table<'_>| {
        let name = table.need("name").and_then(Item::string).map(str::to_owned);
        patch(table, schema).and_then(|forms| Some((name?, forms)))
    };
    table.tables("patch_choice").into_iter().filter_map(choice).collect()
}

fn typed(table: Table<'_>) -> Option<TypedPatch> {
    let text = |key| table.need(key).and_then(Item::string).map(str::to_owned);
    let (operations, string) = (text("operations"), text("string"));
    let (boolean, array) = (text("boolean"), text("array"));
    let id = table.text("id");
    table.close();
    let (operations, string) = (operations?, string?);
    Some(TypedPatch { operations, id, string, boolean: boolean?, array: array? })
}
