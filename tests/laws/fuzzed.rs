//! The fuzz targets over their corpus, and over inputs made from it: what a fuzzer does for minutes, here
//! for moments and without its eyes.

use std::path::Path;

use super::people::asked;

#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// The inputs that are kept of a target.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| std::fs::read(file).unwrap()).collect()
}

/// One input of others: bytes of its own taken away, repeated, changed, or another's put in.
fn made(inputs: &[Vec<u8>], dice: &mut fastrand::Rng) -> Vec<u8> {
    let mut input = inputs[dice.usize(..inputs.len())].clone();
    for _ in 0..1 + dice.usize(..4) {
        let (from, length) = (dice.usize(..=input.len()), dice.usize(..16));
        let to = input.len().min(from + length);
        match dice.u8(..5) {
            0 => drop(input.drain(from..to)),
            1 => input.extend_from_within(from..to),
            2 => input.splice(from..from, [dice.u8(..)]).for_each(drop),
            3 => input.splice(from..to, *b"\"[]{}\\0\x00").for_each(drop),
            _ => {
                let other = &inputs[dice.usize(..inputs.len())];
                let at = dice.usize(..=other.len());
                input.splice(from..to, other[at..other.len().min(at + 24)].to_vec()).for_each(drop);
            }
        }
    }
    input
}

#[test]
fn no_input_brings_a_target_down() {
    let most = asked("FUZZ_INPUTS").unwrap_or(40);
    let mut dice = fastrand::Rng::with_seed(asked("LAWS_SEED").unwrap_or(7643));
    for (name, target) in targets::TARGETS {
        let inputs = corpus(name);
        assert!(!inputs.is_empty(), "{name}");
        inputs.iter().for_each(|input| target(input));
        for _ in 0..most {
            let input = made(&inputs, &mut dice);
            let down = std::panic::catch_unwind(|| target(&input)).is_err();
            assert!(!down, "{name}: {:?}", String::from_utf8_lossy(&input));
        }
    }
}
