//! Who knows the server's key: challenges and their answers.
//!
//! A challenge is remembered by nobody: it carries when it was made, signed together with its source by a secret of this
//! process. So strangers cannot use up the room for challenges. Only those that were answered rightly are kept, until
//! they are too old anyway: each can be answered once.

use super::random_token;
use fa_measure::wire::Token;
use fa_measure::{Span, Time};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How long a challenge can be answered.
const CHALLENGE: Span = Span::from_millis(30_000);

/// Digits of a challenge's time and of its random part.
const HEAD: usize = 16 + 32;

/// Lets those through who know the key.
pub(super) struct Gate {
    key: Vec<u8>,
    /// Signs challenges.
    secret: Token,
    /// Challenges that were answered rightly, and when each was made.
    used: Mutex<HashMap<String, Time>>,
}

impl Gate {
    pub(super) fn new(key: Vec<u8>) -> Self {
        Self { key, secret: random_token(), used: Mutex::default() }
    }

    /// Time, random part and signature, hexadecimal.
    pub(super) fn challenge(&self, source: IpAddr, now: Time) -> String {
        let head = format!("{:016x}{}", now.0, random_token().to_hex());
        let signature = self.sign(&head, source);
        head + &signature
    }

    fn sign(&self, head: &str, source: IpAddr) -> String {
        prove(&self.secret.0, &format!("{head} {source}"))
    }

    /// Whether `proof` shows that `source` knows the key.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn pass(
        &self,
        challenge: Option<&str>,
        proof: Option<&str>,
        source: IpAddr,
        now: Time,
    ) -> Result<(), &'static str> {
        let (Some(challenge), Some(proof)) = (challenge, proof) else { return Err("a key is needed") };
        let unknown = "the challenge is unknown or too old";
        let (head, signature) = challenge.split_at_checked(HEAD).ok_or(unknown)?;
        if !verify(&self.secret.0, &format!("{head} {source}"), signature) {
            return Err(unknown);
        }
        let made = head.get(..16).and_then(|t| i64::from_str_radix(t, 16).ok()).map(Time).ok_or(unknown)?;
        if made + CHALLENGE <= now {
            return Err(unknown);
        }
        if !verify(&self.key, challenge, proof) {
            return Err("the key is another one");
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, made| *made + CHALLENGE > now);
        if used.insert(challenge.to_owned(), made).is_some() {
            return Err("the challenge was answered before");
        }
        Ok(())
    }
}

/// Whether `proof` is what [`prove`] says; takes the same time whatever is wrong.
fn verify(key: &[u8], text: &str, proof: &str) -> bool {
    let (Some(proof), Ok(mut mac)) = (unhex(proof), Hmac::<Sha256>::new_from_slice(key)) else { return false };
    mac.update(text.as_bytes());
    mac.verify_slice(&proof).is_ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Proof of knowing `key`: HMAC-SHA-256 over the challenge's digits, hexadecimal.
pub(crate) fn prove(key: &[u8], challenge: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(challenge.as_bytes());
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    mac.finalize().into_bytes().iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(secs: i64) -> Time {
        Time::ZERO + Span::from_millis(1000 * secs)
    }

    #[test]
    fn a_challenge_is_answered_once_in_time_by_its_source_with_the_key() {
        let gate = Gate::new(b"sesame".to_vec());
        let challenge = gate.challenge(HERE, at(5));
        let pass = |challenge: &str, key: &[u8], source, now| {
            gate.pass(Some(challenge), Some(&prove(key, challenge)), source, now)
        };
        assert_eq!(pass(&challenge, b"simsim", HERE, at(6)), Err("the key is another one"));
        let unknown = Err("the challenge is unknown or too old");
        assert_eq!(pass(&challenge, b"sesame", THERE, at(6)), unknown);
        assert_eq!(pass(&challenge, b"sesame", HERE, at(35)), unknown);
        let younger = format!("{:016x}{}", at(30).0, &challenge[16..]);
        assert_eq!(pass(&younger, b"sesame", HERE, at(35)), unknown, "its time is signed");
        assert_eq!(Gate::new(b"sesame".to_vec()).pass(Some(&challenge), Some(""), HERE, at(6)), unknown);
        assert_eq!(pass(&challenge, b"sesame", HERE, at(34)), Ok(()));
        assert_eq!(pass(&challenge, b"sesame", HERE, at(34)), Err("the challenge was answered before"));
        assert_eq!(gate.pass(None, None, HERE, at(6)), Err("a key is needed"));
        assert_eq!(gate.pass(Some("äöü"), Some("x"), HERE, at(6)), unknown);
    }

    #[test]
    fn strangers_who_ask_for_challenges_leave_nothing_behind() {
        let gate = Gate::new(b"sesame".to_vec());
        let first = gate.challenge(HERE, at(0));
        for _ in 0..2000 {
            gate.challenge(THERE, at(0));
        }
        assert_eq!(gate.pass(Some(&first), Some(&prove(b"sesame", &first)), HERE, at(1)), Ok(()));
        assert_eq!(gate.used.lock().unwrap_or_else(PoisonError::into_inner).len(), 1);
    }
}
