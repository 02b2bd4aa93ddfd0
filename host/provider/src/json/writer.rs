//! JSON that is put together from texts.

use std::fmt;

/// A text as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An object that is being written. A path with dots goes into objects within it.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<(String, Node)>);

#[derive(Debug)]
enum Node {
    /// A place that nothing was put in: no member.
    Free,
    Text(String),
    Object(Writer),
}

impl Writer {
    /// Sets a member to JSON text, where it was or at the end.
    pub(crate) fn set(&mut self, path: &str, text: impl Into<String>) {
        let (key, rest) =
            path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        let index = self.0.iter().position(|(name, _)| name == key);
        let index = index.unwrap_or_else(|| {
            self.0.push((key.to_owned(), Node::Object(Self::default())));
            self.0.len() - 1
        });
        let Some((_, node)) = self.0.get_mut(index) else { return };
        match (rest, node) {
            (None, node) => *node = Node::Text(text.into()),
            (Some(rest), Node::Object(object)) => object.set(rest, text),
            (Some(rest), node) => {
                let mut object = Self::default();
                object.set(rest, text);
                *node = Node::Object(object);
            }
        }
    }

    /// Keeps a place for a member, if it is set later. The name may have dots.
    pub(crate) fn reserve(&mut self, name: &str) {
        if !self.0.iter().any(|(key, _)| key == name) {
            self.0.push((name.to_owned(), Node::Free));
        }
    }

    /// Sets a member whose name may have dots.
    pub(crate) fn set_member(&mut self, name: &str, text: impl Into<String>) {
        self.put(name, Node::Text(text.into()));
    }

    /// Makes a member an object that is being written, with these members to begin with: what is set
    /// below it stays beside them.
    pub(crate) fn open(&mut self, name: &str, members: &super::Object<'_>) {
        let mut object = Self::default();
        for (key, value) in &members.0 {
            object.set_member(key, value.get());
        }
        self.put(name, Node::Object(object));
    }

    /// Takes a member back, and keeps its place.
    pub(crate) fn free(&mut self, name: &str) {
        self.put(name, Node::Free);
    }

    fn put(&mut self, name: &str, node: Node) {
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = node,
            None => self.0.push((name.to_owned(), node)),
        }
    }

    /// The same, if there is a text.
    pub(crate) fn set_some(&mut self, path: &str, text: Option<impl Into<String>>) {
        if let Some(text) = text {
            self.set(path, text);
        }
    }

    /// The same object, with one more member.
    #[must_use]
    pub(crate) fn with(mut self, path: &str, text: impl Into<String>) -> Self {
        self.set(path, text);
        self
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        let members = self.0.iter().filter(|(_, node)| !matches!(node, Node::Free));
        for (index, (key, node)) in members.enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{}:", quote(key))?;
            match node {
                Node::Free => {}
                Node::Text(text) => f.write_str(text)?,
                Node::Object(object) => object.fmt(f)?,
            }
        }
        f.write_str("}")
    }
}
