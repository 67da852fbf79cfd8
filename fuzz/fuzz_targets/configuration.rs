//! A configuration.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| scim_gateway_fuzz::configuration(input));
