"""Many mutants in one build: each in a branch of its own of the function that it changes.

A function with mutants 3 and 7 becomes

    fn f() -> T { if crate::woven::on(3) { …changed… } else if crate::woven::on(7) { …changed… } else { …as it is… } }

and the variable MUTANT of the process says which one is on. What cannot be said so (a `const fn`, branches of
two types behind one `impl Trait`) or does not compile is told by the compiler's own words, line by line.
"""

from dataclasses import dataclass, field

SWITCH = '''//! Which mutant is on.

use std::sync::LazyLock;

static ON: LazyLock<u32> =
    LazyLock::new(|| std::env::var("MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0));

pub fn on(number: u32) -> bool {
    *ON == number
}
'''


@dataclass
class Woven:
    """A file with mutants: its text, which lines are one mutant's own, and which a function with some of them."""

    text: str = ""
    own: list = field(default_factory=list)
    shared: list = field(default_factory=list)

    def add(self, text):
        """Adds to the text; the first and the last line of what was added."""
        first = self.text.count("\n") + 1
        self.text += text
        return first, self.text.count("\n") + 1

    def own_at(self, line):
        """The mutant in whose own branch a line is, if it is in one."""
        return [number for first, last, number in self.own if first <= line <= last]

    def shared_at(self, line):
        """The mutants of the function that a line is in."""
        return [number for first, last, numbers in self.shared if first <= line <= last for number in numbers]


def offset(text, place):
    """Where a line and column (from 1) is in a text."""
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: place["line"] - 1])) + place["column"] - 1


def changed(text, mutant):
    """The text with a mutant's replacement at its span."""
    span = mutant["span"]
    return text[: offset(text, span["start"])] + mutant["replacement"] + text[offset(text, span["end"]) :]


def skipped(text, at):
    """The end of the comment or literal that begins here, or None."""
    if text.startswith("//", at):
        return text.find("\n", at)
    if text.startswith("/*", at):
        return text.find("*/", at) + 2
    raw = at + 1 if text[at] == "r" and not (text[at - 1].isalnum() or text[at - 1] == "_") else None
    if raw and (quote := text.find('"', raw)) >= 0 and set(text[raw:quote]) <= {"#"}:
        closing = '"' + text[raw:quote]
        return text.find(closing, quote + 1) + len(closing)
    if text[at] == '"':
        return quoted(text, at)
    if text[at] == "'" and (text[at + 1] == "\\" or text[at + 2 : at + 3] == "'"):
        return quoted(text, at)
    return None


def quoted(text, at):
    """The end of a quoted literal with its escapes."""
    quote, at = text[at], at + 1
    while text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return at + 1


def body(text, function):
    """Where a function's body begins and ends, braces included."""
    at, end = offset(text, function["span"]["start"]), offset(text, function["span"]["end"])
    depth, opened = 0, None
    while at < end:
        if after := skipped(text, at):
            at = after
            continue
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[at], 0)
        if text[at] == "{" and depth == 1:
            opened = at
        at += 1
    return opened, end


def weave(text, numbered):
    """A file's text with (number, mutant) in branches; those that have no function are left out and told."""
    functions, alone = {}, []
    for number, mutant in numbered:
        if mutant["function"] is None:
            alone.append(number)
        else:
            functions.setdefault(body(text, mutant["function"]), []).append((number, mutant))
    woven, at = Woven(), 0
    for (start, end), inside in sorted(functions.items(), key=lambda item: item[0]):
        if start < at:
            alone += [number for number, _ in inside]
            continue
        woven.add(text[at:start])
        begins, _ = woven.add("{ ")
        for number, mutant in inside:
            woven.add(f"if crate::woven::on({number})\n")
            grown = len(changed(text, mutant)) - len(text)
            first, last = woven.add(changed(text, mutant)[start : end + grown])
            woven.own.append((first, last, number))
            woven.add("\nelse ")
        _, ends = woven.add("\n" + text[start:end] + "\n}")
        woven.shared.append((begins, ends, [number for number, _ in inside]))
        at = end
    woven.add(text[at:])
    return woven, alone
