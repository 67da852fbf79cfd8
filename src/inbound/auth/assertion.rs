//! What is more asked of a token that a client signed itself (RFC 7523 section 3): that it speaks of
//! nobody else, is for nobody else, lives shortly, and is shown once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::clock::{LEEWAY, now};
use super::used::Used;
use crate::observe::AuthRefusal;

/// The terms of one client's assertions, beyond those of every signed token.
pub(super) struct Own {
    lifetime: Duration,
    used: Arc<Used>,
}

impl Own {
    /// `used` is what this client has shown already, wherever it did.
    pub fn new(lifetime: Duration, used: Arc<Used>) -> Self {
        Self { lifetime, used }
    }

    /// Looks at the claims of a token with the right signature, issuer, audience and end, and spends
    /// it.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn admit(&self, claims: &Map<String, Value>) -> Result<(), AuthRefusal> {
        self.admit_at(claims, now())
    }

    fn admit_at(&self, claims: &Map<String, Value>, now: u64) -> Result<(), AuthRefusal> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        // RFC 7519 section 2: a NumericDate may have a fraction.
        let date = |name: &str| claims.get(name).and_then(Value::as_f64);
        let itself = text("sub").is_some() && text("sub") == text("iss");
        // Whoever else it is for could show it here.
        let alone = match claims.get("aud") {
            Some(Value::Array(all)) => all.len() == 1,
            other => other.is_some_and(Value::is_string),
        };
        let jti = text("jti").filter(|jti| !jti.is_empty());
        let (Some(jti), Some(issued), Some(ends), true, true) =
            (jti, date("iat"), date("exp"), itself, alone)
        else {
            return Err(AuthRefusal::Unfit);
        };
        let latest = now.saturating_add(LEEWAY) as f64;
        let life = ends - issued;
        if issued > latest || !(0.0..=self.lifetime.as_secs_f64()).contains(&life) {
            return Err(AuthRefusal::Unfit);
        }
        // As long as it would be taken.
        let end = (ends.ceil() as u64).saturating_add(LEEWAY);
        self.used.spend(jti, issued, end, now)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn claims(changes: &Value) -> Map<String, Value> {
        let mut claims = json!({
            "iss": "c", "sub": "c", "aud": "here", "jti": "1", "iat": NOW - 5, "exp": NOW + 55,
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object().unwrap().clone()
    }

    fn judge(changes: &Value) -> Result<(), AuthRefusal> {
        let used = Arc::new(Used::since(NOW - 1_000));
        Own::new(Duration::from_secs(60), used).admit_at(&claims(changes), NOW)
    }

    #[test]
    fn an_assertion_speaks_of_its_client_alone_and_lives_shortly() {
        for good in [
            json!({}),
            json!({"aud": ["here"]}),
            json!({"iat": NOW - 4, "exp": NOW + 56}),
            json!({"iat": NOW as f64 - 0.5, "exp": NOW as f64 + 59.5}),
            json!({"iat": NOW + 30, "exp": NOW + 90}),
        ] {
            assert_eq!(judge(&good), Ok(()), "{good}");
        }
        for bad in [
            json!({"sub": "d"}),
            json!({"sub": null}),
            json!({"sub": ["c"]}),
            json!({"aud": ["here", "there"]}),
            json!({"aud": []}),
            json!({"jti": null}),
            json!({"jti": ""}),
            json!({"jti": 7}),
            json!({"iat": null}),
            json!({"iat": "now"}),
            json!({"iat": NOW + 31, "exp": NOW + 40}),
            json!({"iat": NOW - 6}),
            json!({"exp": NOW as f64 + 55.1}),
            json!({"exp": u64::MAX}),
            json!({"exp": 1e300}),
            json!({"iat": NOW, "exp": NOW - 1}),
        ] {
            assert_eq!(judge(&bad), Err(AuthRefusal::Unfit), "{bad}");
        }
    }
}
