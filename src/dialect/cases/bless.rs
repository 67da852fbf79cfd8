//! Updating a computed block of a case, in the file's text.

use super::{Block, Case};

/// Why a block is not updated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the block is written by hand from {source_name}: change it there, or the rules here")]
    ByHand { source_name: String },
    #[error("the case has no such block")]
    NoBlock,
    #[error("the block is not in the text as it was read: read the file again")]
    Changed,
    #[error("the new text cannot stand in a fenced block")]
    Unprintable,
}

/// The file's text with the block's replaced.
///
/// One block at a time: the cases of the new text have other places.
///
/// # Errors
/// The block has a source, or is not where it was, or the new text would end its fence.
pub fn bless(text: &str, case: &Case, block: usize, new: &str) -> Result<String, Refusal> {
    let Block { span, text: old, source, .. } = case.blocks.get(block).ok_or(Refusal::NoBlock)?;
    if let Some(source) = source {
        return Err(Refusal::ByHand { source_name: source.clone() });
    }
    if text.get(span.clone()) != Some(old) {
        return Err(Refusal::Changed);
    }
    let fence = |line: &str| ["```", "~~~"].iter().any(|f| line.trim_start().starts_with(f));
    if new.lines().any(fence) || new.contains('\r') {
        return Err(Refusal::Unprintable);
    }
    let (before, after) = (text.get(..span.start), text.get(span.end..));
    let (before, after) = before.zip(after).ok_or(Refusal::Changed)?;
    let end = if new.is_empty() || new.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{before}{new}{end}{after}"))
}
