//! A resource's body.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| scim_gateway_fuzz::bodies(input));
