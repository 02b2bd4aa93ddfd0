//! The tools of a response as those of a chat: functions alone.

use std::collections::BTreeMap;

use sigmapol_core::json::{Object, quote};

use super::part::{Part, expected, unsupported};
use crate::error::ApiError;

/// What a chat says of a function.
const FUNCTION: [&str; 4] = ["name", "description", "parameters", "strict"];

const CHOICES: &str = "auto, none, required, or a function or allowed_tools";

/// Functions, and how their calls are named.
#[derive(Debug, Default)]
pub(super) struct Tools {
    /// In the shape of a chat.
    functions: Vec<String>,
    names: Names,
    /// Where there are tools of other types, which are left out: `tools[2]:web_search`.
    pub(super) ignored: Vec<String>,
}

/// Functions in a namespace by the one name that they have in a chat.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeMap<String, Option<(String, String)>>);

impl Names {
    /// The namespace and the name of a function that is called.
    pub(super) fn split<'n>(&'n self, flat: &'n str) -> (Option<&'n str>, &'n str) {
        match self.0.get(flat) {
            Some(Some((namespace, name))) => (Some(namespace), name),
            _ => (None, flat),
        }
    }
}

/// The name of a function in a namespace, where names are flat.
pub(super) fn flat_name(namespace: &str, name: &str) -> String {
    format!("{}__{name}", namespace.trim_end_matches("__"))
}

impl Tools {
    /// Reads `tools`.
    pub(super) fn read(list: Option<&str>) -> Result<Self, ApiError> {
        let mut tools = Self::default();
        for tool in Part::all("tools", list.unwrap_or("[]"))? {
            tools.add(&tool, None)?;
        }
        Ok(tools)
    }

    fn add(&mut self, tool: &Part<'_>, namespace: Option<&str>) -> Result<(), ApiError> {
        match tool.word("type").as_deref() {
            Some("function") => self.function(tool, namespace)?,
            Some("namespace") if namespace.is_none() => {
                let namespace = tool.needed("name")?;
                let inner = tool.get("tools").unwrap_or("[]");
                for tool in Part::all(&tool.at("tools"), inner)? {
                    self.add(&tool, Some(&namespace))?;
                }
            }
            Some(other) => self.ignored.push(format!("{}:{other}", tool.place)),
            None => return Err(expected(&tool.at("type"), "a string")),
        }
        Ok(())
    }

    fn function(&mut self, tool: &Part<'_>, namespace: Option<&str>) -> Result<(), ApiError> {
        let name = tool.needed("name")?;
        let flat = namespace.map_or_else(|| name.clone(), |space| flat_name(space, &name));
        if self.names.0.contains_key(&flat) {
            return Err(ApiError::of_param(
                "invalid_body",
                &tool.at("name"),
                &format!("expected a name that no other tool has, got {flat}"),
            ));
        }
        let function = FUNCTION.into_iter().fold(Object::new(), |function, key| match key {
            "name" => function.with(key, &quote(&flat)),
            _ => function.with_some(key, tool.get(key)),
        });
        let nested =
            Object::new().with("type", &quote("function")).with("function", &function.finish());
        self.functions.push(nested.finish());
        let own = namespace.map(|namespace| (namespace.to_owned(), name));
        self.names.0.insert(flat, own);
        Ok(())
    }

    /// `tools` of a chat, if there is one.
    pub(super) fn text(&self) -> Option<String> {
        (!self.functions.is_empty()).then(|| format!("[{}]", self.functions.join(",")))
    }

    /// `tool_choice` of a chat, if it says anything: without a tool there is no choice.
    pub(super) fn choice(&self, choice: &str) -> Result<Option<String>, ApiError> {
        let place = "tool_choice";
        if choice.starts_with('"') {
            let word: String =
                serde_json::from_str(choice).map_err(|_| expected(place, CHOICES))?;
            return match word.as_str() {
                "auto" | "none" => Ok(self.text().map(|_| choice.to_owned())),
                "required" if self.functions.is_empty() => Err(nothing(place)),
                "required" => Ok(Some(choice.to_owned())),
                _ => Err(expected(place, CHOICES)),
            };
        }
        let choice = Part::read(place.to_owned(), choice)?;
        match choice.word("type").as_deref() {
            Some("function") => {
                self.named(&choice)?.map(Some).ok_or_else(|| nothing(&choice.at("name")))
            }
            Some("allowed_tools") => {
                let list = Part::all(&choice.at("tools"), choice.get("tools").unwrap_or("[]"))?;
                let mut allowed = Vec::new();
                for tool in &list {
                    if tool.word("type").as_deref() == Some("function") {
                        allowed.extend(self.named(tool)?);
                    }
                }
                if allowed.is_empty() {
                    return Err(nothing(&choice.at("tools")));
                }
                let own = Object::new()
                    .with("mode", choice.string("mode")?)
                    .with("tools", &format!("[{}]", allowed.join(",")));
                let choice = Object::new().with("type", &quote("allowed_tools"));
                Ok(Some(choice.with("allowed_tools", &own.finish()).finish()))
            }
            _ => Err(choice.of_another_type("function or allowed_tools")),
        }
    }

    /// A function by its name, if there is one.
    fn named(&self, choice: &Part<'_>) -> Result<Option<String>, ApiError> {
        let name = choice.needed("name")?;
        let flat = choice.word("namespace").map(|space| flat_name(&space, &name)).unwrap_or(name);
        let function = Object::new().with("name", &quote(&flat)).finish();
        let text = Object::new().with("type", &quote("function")).with("function", &function);
        Ok(self.names.0.contains_key(&flat).then(|| text.finish()))
    }

    /// How calls are named.
    pub(super) fn into_names(self) -> Names {
        self.names
    }
}

fn nothing(place: &str) -> ApiError {
    unsupported(place, "expected a function of tools: other tools are not called here")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools(list: &str) -> Tools {
        Tools::read(Some(list)).unwrap()
    }

    #[test]
    fn functions_are_nested_and_other_tools_left_out() {
        let read = tools(
            r#"[{"type":"function","name":"f","strict":null,"description":"d","parameters":{"b":1.10,"a":null}},
            {"type":"web_search","external_web_access":true},
            {"type":"namespace","name":"agents","tools":[{"type":"function","name":"close"},{"type":"custom","name":"x"}]}]"#,
        );
        assert_eq!(
            read.text().unwrap(),
            r#"[{"type":"function","function":{"name":"f","description":"d","parameters":{"b":1.10,"a":null}}},{"type":"function","function":{"name":"agents__close"}}]"#
        );
        assert_eq!(read.ignored, ["tools[1]:web_search", "tools[2].tools[1]:custom"]);
        let names = read.into_names();
        assert_eq!(names.split("agents__close"), (Some("agents"), "close"));
        assert_eq!(names.split("f"), (None, "f"));
        assert_eq!(names.split("agents__open"), (None, "agents__open"));
        assert_eq!(flat_name("mcp__server__", "tool"), "mcp__server__tool");
    }

    #[test]
    fn choices() {
        let two = tools(
            r#"[{"type":"function","name":"f"},{"type":"namespace","name":"a","tools":[{"type":"function","name":"g"}]}]"#,
        );
        let none = tools(r#"[{"type":"web_search"}]"#);
        for word in [r#""auto""#, r#""none""#, r#""required""#] {
            assert_eq!(two.choice(word).unwrap().as_deref(), Some(word));
        }
        assert_eq!(none.choice(r#""auto""#).unwrap(), None);
        let f = r#"{"type":"function","function":{"name":"f"}}"#;
        let g = r#"{"type":"function","function":{"name":"a__g"}}"#;
        let choice = |text: &str| two.choice(text).unwrap().unwrap();
        assert_eq!(choice(r#"{"type":"function","name":"f"}"#), f);
        let allowed = r#"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"},{"type":"mcp"},{"type":"function","namespace":"a","name":"g"}]}"#;
        let expected = format!(
            r#"{{"type":"allowed_tools","allowed_tools":{{"mode":"auto","tools":[{f},{g}]}}}}"#
        );
        assert_eq!(choice(allowed), expected);
    }

    #[test]
    fn what_is_wrong_with_tools() {
        for (list, code, message) in [
            ("{}", "invalid_type", "tools: expected an array"),
            ("[1]", "invalid_type", "tools[0]: expected an object"),
            ("[{}]", "invalid_type", "tools[0].type: expected a string"),
            (r#"[{"type":"function"}]"#, "invalid_type", "tools[0].name: expected a string"),
            (
                r#"[{"type":"function","name":"a__f"},{"type":"namespace","name":"a","tools":[{"type":"function","name":"f"}]}]"#,
                "invalid_body",
                "tools[1].tools[0].name: expected a name that no other tool has, got a__f",
            ),
        ] {
            let error = Tools::read(Some(list)).unwrap_err();
            assert_eq!((error.code.as_str(), error.message.as_str()), (code, message));
        }
        let f = tools(r#"[{"type":"function","name":"f"}]"#);
        let none = Tools::default();
        let nothing = "expected a function of tools: other tools are not called here";
        for (tools, choice, code, message) in [
            (&f, r#""any""#, "invalid_type", format!("tool_choice: expected {CHOICES}")),
            (&f, "1", "invalid_type", "tool_choice: expected an object".to_owned()),
            (&none, r#""required""#, "unsupported_parameter", format!("tool_choice: {nothing}")),
            (
                &f,
                r#"{"type":"function","name":"g"}"#,
                "unsupported_parameter",
                format!("tool_choice.name: {nothing}"),
            ),
            (
                &f,
                r#"{"type":"web_search"}"#,
                "unsupported_parameter",
                "tool_choice.type: expected function or allowed_tools, got web_search".to_owned(),
            ),
        ] {
            let error = tools.choice(choice).unwrap_err();
            assert_eq!((error.code.as_str(), &error.message), (code, &message), "{choice}");
        }
    }
}
