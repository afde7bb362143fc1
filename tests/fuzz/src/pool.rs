//! Values that are real at the moment, taken from the suite's answers, and requests that it liked.

use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
use rand::{Rng, seq::IndexedRandom as _};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Values kept of one name.
const KEPT: usize = 64;
/// Requests kept of one RPC.
const LIKED: usize = 32;
/// Longer values say nothing about what is real.
const LONGEST: usize = 300;

#[derive(Default)]
pub struct Pool {
    texts: Mutex<BTreeMap<String, Vec<String>>>,
    liked: Mutex<HashMap<String, Vec<DynamicMessage>>>,
}

impl Pool {
    /// Takes in every text of an answer under its field's name, and an `id` also under that of what it identifies.
    pub fn harvest(&self, answer: &DynamicMessage, dice: &mut impl Rng) {
        let mut found = Vec::new();
        texts(answer, &mut found);
        let mut kept = lock(&self.texts);
        for (name, text) in found {
            let texts = kept.entry(name).or_default();
            if texts.contains(&text) {
            } else if texts.len() < KEPT {
                texts.push(text);
            } else {
                let place = dice.random_range(0..KEPT);
                texts[place] = text;
            }
        }
    }

    /// A real value for a field of this name.
    pub fn named(&self, name: &str, dice: &mut impl Rng) -> Option<String> {
        let kept = lock(&self.texts);
        let singular = name.trim_end_matches('s');
        let without = name.trim_end_matches("_ids").trim_end_matches("_id");
        [name, singular, without].iter().find_map(|name| kept.get(*name)?.choose(dice).cloned())
    }

    /// A real value of whatever.
    pub fn any(&self, dice: &mut impl Rng) -> Option<String> {
        let kept = lock(&self.texts);
        let index = dice.random_range(0..kept.len().max(1));
        kept.values().nth(index)?.choose(dice).cloned()
    }

    /// Keeps a request that was answered well.
    pub fn like(&self, path: &str, request: DynamicMessage, dice: &mut impl Rng) {
        let mut liked = lock(&self.liked);
        let requests = liked.entry(path.to_owned()).or_default();
        if requests.len() < LIKED {
            requests.push(request);
        } else {
            let place = dice.random_range(0..LIKED);
            requests[place] = request;
        }
    }

    /// A request that was answered well.
    pub fn liked(&self, path: &str, dice: &mut impl Rng) -> Option<DynamicMessage> {
        lock(&self.liked).get(path)?.choose(dice).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn texts(message: &DynamicMessage, found: &mut Vec<(String, String)>) {
    let of = snake(message.descriptor().name());
    for (field, value) in message.fields() {
        let mut take = |value: &Value| match value {
            Value::String(text) if is_ours(text) => {
                if field.name() == "id" {
                    found.push((of.clone(), text.clone()));
                }
                found.push((field.name().to_owned(), text.clone()));
            }
            Value::Message(below) => texts(below, found),
            _ => {}
        };
        match value {
            Value::List(values) => values.iter().for_each(&mut take),
            Value::Map(values) => values.values().for_each(&mut take),
            value => take(value),
        }
    }
}

/// Those who call must stay who they are, or the rest of the run would be refused for that.
fn is_ours(text: &str) -> bool {
    let caller = text == "admin" || text.starts_with("service.") || text.starts_with("caller.");
    !text.is_empty() && text.len() <= LONGEST && !caller
}

/// `CallbackTask` is asked for as `task`: the last word.
fn snake(name: &str) -> String {
    let start = name.rfind(char::is_uppercase).unwrap_or_default();
    name[start..].to_lowercase()
}
