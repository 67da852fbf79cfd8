//! One resource type's part of `dialect.toml`: path, operations, PATCH, filter and list forms.

use serde_json::Value;

use crate::diagnostic::Clause;
use crate::diagnostic::TableKind;
use crate::diagnostic::toml::{Item, Table};
use crate::rewrite::rule::Rules;
use crate::scim::filter::Operator;
use crate::scim::schema::{Operation, Operations, Schema};
use crate::scim::uri::is_plain_path;

use super::code::{BAD_PATH, NO_VERSIONS};
use super::forms::{
    Clear, FilterAttribute, FilterForms, IdForm, ListForms, Paging, Put, Resource, Schemas,
    SearchForms, SearchWhen,
};
use super::patch::{choices, patch};
use super::value::{known_path, paths, status};

/// The longest id where a dialect names no other, in characters.
const LONGEST_ID: usize = 256;

/// The schema and the rules of one resource type, under its key in `dialect.toml`.
pub(super) struct Part {
    /// `user` or `group`.
    pub key: &'static str,
    pub schema: Schema,
    pub rules: Rules,
}

/// Reads `[user]` or `[group]`. What has a mistake, which was reported, is read as if it were not there, so
/// that it hides no other one.
pub(super) fn resource(table: Table<'_>, part: Part) -> Resource {
    table.is(TableKind::Same("resource"));
    table.demand(Clause::Needs("if_match", "etag"));
    let schema = part.schema;
    let path = table.need("path").and_then(segment);
    let operations = table.need("operations").map(listed);
    let put = table.need("put").and_then(|item| item.word(PUTS));
    let clear = table.need("clear").and_then(|item| item.word(CLEARS));
    let in_request = table.need("schemas_in_request").and_then(|item| item.word(SCHEMAS));
    let in_answer = table.need("schemas_in_answer").and_then(|item| item.word(SCHEMAS));
    let list = table.need("list").and_then(Item::table).and_then(list);
    let search = table.table("search").map(search);
    let etag = table.flag("etag");
    let resource = Resource {
        rules: part.rules,
        path: path.unwrap_or_default(),
        path_case_exact: table.flag("path_case_exact"),
        operations: operations.unwrap_or_default(),
        id: table.table("id").map_or(IdForm { max_length: LONGEST_ID }, id),
        put: put.unwrap_or(Put::Replace),
        clear: clear.unwrap_or(Clear::Omit),
        envelope: table.table("envelope").map(envelope).unwrap_or_default(),
        request_extras: table
            .tables("request_extras")
            .into_iter()
            .filter_map(request_extra)
            .collect(),
        answer_extras: table.tables("answer_extras").into_iter().filter_map(answer_extra).collect(),
        schemas_in_request: in_request.unwrap_or(Schemas::None),
        schemas_in_answer: in_answer.unwrap_or(Schemas::None),
        meta: table.item("meta").map(Item::strings).unwrap_or_default(),
        layout: table.item("layout").map_or_else(layout, Item::strings),
        delete_status: table.item("delete_status").and_then(status).unwrap_or(204),
        patch: table.table("patch").and_then(|table| patch(table, &schema)),
        patch_choices: choices(&table, &schema),
        filter: table.table("filter").map_or_else(no_filter, |table| filter(table, &schema)),
        list: list.unwrap_or(NO_LIST),
        search: search.flatten(),
        me: table.flag("me"),
        sort: table.flag("sort"),
        etag,
        if_match: table.item("if_match").map(|item| compared(item, etag)).unwrap_or_default(),
        projection: table.flag("projection"),
        matches_on: paths(&table, "matches_on", &schema),
        schema,
    };
    table.close();
    resource
}

/// In the place of one that has a mistake.
const NO_LIST: ListForms = ListForms {
    paging: Paging::Index,
    default_count: 1,
    max_count: 1,
    short_page_ends: false,
    cursor_timeout: None,
};

const PUTS: &[(&str, Put)] = &[("replace", Put::Replace), ("merge", Put::Merge)];

const CLEARS: &[(&str, Clear)] =
    &[("omit", Clear::Omit), ("null", Clear::Null), ("empty", Clear::Empty), ("no", Clear::No)];

const SCHEMAS: &[(&str, Schemas)] = &[
    ("none", Schemas::None),
    ("core", Schemas::Core),
    ("used", Schemas::Used),
    ("all", Schemas::All),
];

const PAGING: &[(&str, Paging)] =
    &[("index", Paging::Index), ("cursor", Paging::Cursor), ("capped", Paging::Capped)];

const SEARCHES: &[(&str, SearchWhen)] =
    &[("filtered", SearchWhen::Filtered), ("long", SearchWhen::Long)];

fn segment(item: Item<'_>) -> Option<String> {
    let path = item.string_like("^[^/?#\\s{}]+(/[^/?#\\s{}]+)*$")?;
    if !is_plain_path(path) {
        let message = "a resource path is segments of a URL's path, without `/` at its ends";
        let hint = "such as `Users` or `v1/people`: no query, no blank, no variable";
        item.reader().report(item.mistake(BAD_PATH, message, "this path").with_hint(hint));
    }
    Some(path.to_owned())
}

fn operation(item: Item<'_>) -> Option<Operation> {
    item.word(&Operation::ALL.map(|operation| (operation.name(), operation)))
}

/// The writes for which the upstream compares versions, which its answers have to name.
fn compared(item: Item<'_>, etag: bool) -> Operations {
    let writes = listed(item);
    if !etag && writes != Operations::default() {
        let message = "the upstream is said to compare If-Match, but its answers name no versions";
        let hint = "add `etag = true`, or leave `if_match` out: the gateway compares then";
        item.reader().report(item.mistake(NO_VERSIONS, message, "here").with_hint(hint));
    }
    writes
}

fn listed(item: Item<'_>) -> Operations {
    Operations::of(&item.items().into_iter().filter_map(operation).collect::<Vec<_>>())
}

fn id(table: Table<'_>) -> IdForm {
    let max_length = table.need("max_length").and_then(Item::count).unwrap_or(LONGEST_ID);
    table.close();
    IdForm { max_length }
}

fn envelope(table: Table<'_>) -> Vec<(Operation, String)> {
    let wrapped = |operation: Operation| Some((operation, table.text(operation.name())?));
    let envelope = Operation::ALL.into_iter().filter_map(wrapped).collect();
    table.close();
    envelope
}

fn request_extra(table: Table<'_>) -> Option<(Operation, String, Value)> {
    let operation = table.need("operation").and_then(operation);
    answer_extra(table).zip(operation).map(|((name, value), operation)| (operation, name, value))
}

fn answer_extra(table: Table<'_>) -> Option<(String, Value)> {
    let name = table.need("name").and_then(Item::string).map(str::to_owned);
    let value = table.need("value").and_then(Item::json);
    table.close();
    Some((name?, value?))
}

fn layout() -> Vec<String> {
    ["schemas", "id", "*", "meta"].map(str::to_owned).to_vec()
}

fn no_filter() -> FilterForms {
    FilterForms { and: false, or: false, not: false, max_terms: 0, attributes: Vec::new() }
}

fn filter(table: Table<'_>, schema: &Schema) -> FilterForms {
    let attribute = |table| filter_attribute(table, schema);
    let forms = FilterForms {
        and: table.flag("and"),
        or: table.flag("or"),
        not: table.flag("not"),
        max_terms: table.item("max_terms").and_then(Item::count).unwrap_or(1),
        attributes: table.tables("attributes").into_iter().filter_map(attribute).collect(),
    };
    table.close();
    forms
}

fn filter_attribute(table: Table<'_>, schema: &Schema) -> Option<FilterAttribute> {
    let path = table.need("path").and_then(|item| known_path(item, schema));
    let operators = table.need("operators").map(Item::items).unwrap_or_default();
    let operator = |item: Item<'_>| item.word(&Operator::ALL.map(|o| (o.name(), o)));
    let operators = operators.into_iter().filter_map(operator).collect();
    let present = table.flag("present");
    let case_exact = table.item("case_exact").and_then(Item::boolean);
    table.close();
    Some(FilterAttribute { path: path?, operators, present, case_exact })
}

fn list(table: Table<'_>) -> Option<ListForms> {
    let paging = table.need("paging").and_then(|item| item.word(PAGING));
    let default_count = table.need("default_count").and_then(Item::count);
    let max_count = table.need("max_count").and_then(Item::count);
    let short_page_ends = table.flag("short_page_ends");
    let cursor_timeout = table.item("cursor_timeout").and_then(Item::count);
    table.close();
    Some(ListForms {
        paging: paging?,
        default_count: default_count?,
        max_count: max_count?,
        short_page_ends,
        cursor_timeout,
    })
}

fn search(table: Table<'_>) -> Option<SearchForms> {
    let when = table.need("when").and_then(|item| item.word(SEARCHES));
    let schemas = table.item("schemas").is_none_or(|item| item.boolean() != Some(false));
    table.close();
    Some(SearchForms { when: when?, schemas })
}
