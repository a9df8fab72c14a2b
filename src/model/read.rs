//! XGBoost's JSON in.
//!
//! Everything that prediction relies on is checked here, so that no later step can run out of bounds or in circles on
//! a damaged or hostile file: the rest of the crate may trust a [`Model`] that was read.

use super::json::Json;
use super::read_tree::read_tree;
use super::{INDEX_BASE, Model};
use crate::error::{Error, Result};
use crate::objective::{Objective, logistic};
use crate::tree::Tree;
use std::collections::BTreeMap;
use std::path::Path;

/// More classes than this are taken for damage, so that a broken number cannot ask for all memory.
const MAX_CLASSES: usize = 1 << 16;

/// The remedy for a file whose parts contradict each other.
const DAMAGED: &str = "the file is damaged: save or copy the model again";

impl Model {
    /// Reads a model that gboost or XGBoost 1.7 to 3.2 wrote as JSON.
    ///
    /// # Errors
    /// If the file cannot be read, is not a model in JSON, is damaged, or needs what gboost does not support; the
    /// message names the place in the file and the remedy.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| Error::io("read the model", path, &source))?;
        Self::from_json_bytes(&bytes).map_err(|error| error.at_path(path))
    }

    /// Reads a model from the bytes of its file; see [`Model::load`].
    ///
    /// # Errors
    /// As [`Model::load`], without the path.
    pub fn from_json_bytes(bytes: &[u8]) -> Result<Self> {
        check_format(bytes)?;
        let text = std::str::from_utf8(bytes).map_err(|_| {
            Error::model("not JSON: the file is not text in UTF-8")
                .remedy("save the model as JSON in XGBoost: save_model(\"model.json\")")
        })?;
        let json = Json::parse(text)?;
        if let Json::List(_) = json {
            return Err(Error::model("not a model: the file is a list, perhaps the output of dump_model")
                .remedy("save the model in XGBoost with save_model(\"model.json\")"));
        }
        read_model(&Place { json: &json, name: String::new() })
    }
}

/// Recognises the formats that are not JSON by their first bytes.
fn check_format(bytes: &[u8]) -> Result<()> {
    let found = match bytes {
        [] => return Err(Error::model("the file is empty").remedy("save the model again")),
        [0x1f, 0x8b, ..] => {
            return Err(Error::model("the file is compressed with gzip").remedy("unpack it with gunzip"));
        }
        [b'{', b'i' | b'U' | b'I' | b'l' | b'L' | b'$' | b'#', ..] => "UBJSON, XGBoost's binary form",
        [b'b', b'i', b'n', b'f', ..] => "XGBoost's old binary format",
        _ if bytes.contains(&0) => "a binary format",
        _ => return Ok(()),
    };
    Err(Error::model(format!("the model is saved in {found}, which gboost does not read"))
        .remedy("load it in XGBoost and save it as JSON: save_model(\"model.json\")"))
}

/// A value with its place in the document, for messages.
pub(super) struct Place<'a> {
    pub(super) json: &'a Json<'a>,
    pub(super) name: String,
}

impl<'a> Place<'a> {
    /// An error about this place: "`learner.x` `what`".
    pub(super) fn error(&self, what: &str) -> Error {
        let name = if self.name.is_empty() { "the document" } else { &self.name };
        Error::model(format!("{name} {what}")).remedy(DAMAGED)
    }

    /// An error about an item of this list.
    fn item_error(&self, index: usize, what: &str) -> Error {
        Error::model(format!("{}[{index}] {what}", self.name)).remedy(DAMAGED)
    }

    pub(super) fn optional(&self, key: &str) -> Option<Place<'a>> {
        let json = self.json.get(key)?;
        let name = if self.name.is_empty() { key.to_string() } else { format!("{}.{key}", self.name) };
        Some(Place { json, name })
    }

    pub(super) fn field(&self, key: &str) -> Result<Place<'a>> {
        self.optional(key).ok_or_else(|| match self.json {
            Json::Map(_) => {
                self.error(&format!("has no `{key}`")).remedy("give a model that gboost or XGBoost saved as JSON")
            }
            other => self.error(&format!("is {}, not an object", other.kind())),
        })
    }

    fn text(&self) -> Result<&'a str> {
        match self.json {
            Json::Text(text) => Ok(text),
            other => Err(self.error(&format!("is {}, not a string", other.kind()))),
        }
    }

    /// An integer, as XGBoost writes parameters (in a string) or as a number.
    fn integer(&self) -> Result<i64> {
        let text = match self.json {
            Json::Text(text) => text.as_ref(),
            Json::Number(text) => text,
            other => return Err(self.error(&format!("is {}, not a number", other.kind()))),
        };
        text.trim().parse().map_err(|_| self.error(&format!("is {text:?}, not an integer")))
    }

    /// An integer that may be absent.
    pub(super) fn integer_or(&self, key: &str, default: i64) -> Result<i64> {
        self.optional(key).map_or(Ok(default), |place| place.integer())
    }

    pub(super) fn list(&self) -> Result<&'a [Json<'a>]> {
        match self.json {
            Json::List(items) => Ok(items),
            other => Err(self.error(&format!("is {}, not a list", other.kind()))),
        }
    }

    fn texts(&self) -> Result<Vec<String>> {
        let text = |(index, item): (usize, &Json<'_>)| match item {
            Json::Text(text) => Ok(text.to_string()),
            other => Err(self.item_error(index, &format!("is {}, not a string", other.kind()))),
        };
        self.list()?.iter().enumerate().map(text).collect()
    }

    /// Integers; booleans count as 0 and 1, as old versions write `default_left`.
    pub(super) fn integers(&self) -> Result<Vec<i64>> {
        let integer = |(index, item): (usize, &Json<'_>)| match item {
            Json::Bool(value) => Ok(i64::from(*value)),
            Json::Number(text) => {
                text.parse().map_err(|_| self.item_error(index, &format!("is {text}, not an integer")))
            }
            other => Err(self.item_error(index, &format!("is {}, not an integer", other.kind()))),
        };
        self.list()?.iter().enumerate().map(integer).collect()
    }

    /// Floats, each read as binary32 from its text, so that it is rounded once.
    pub(super) fn floats(&self) -> Result<Vec<f32>> {
        let float = |(index, item): (usize, &Json<'_>)| match item {
            Json::Number(text) => text.parse().map_err(|_| self.item_error(index, &format!("is {text}, not a number"))),
            other => Err(self.item_error(index, &format!("is {}, not a number", other.kind()))),
        };
        self.list()?.iter().enumerate().map(float).collect()
    }
}

/// An error about a model that is sound but needs what gboost lacks.
pub(super) fn unsupported(what: String, remedy: &str) -> Error {
    Error::model(what).remedy(remedy)
}

fn read_model(document: &Place<'_>) -> Result<Model> {
    let learner = document.field("learner")?;
    let objective = read_objective(&learner)?;
    let parameters = learner.field("learner_model_param")?;
    if parameters.integer_or("num_target", 1)? > 1 {
        return Err(unsupported(
            "models with several targets are not supported".to_string(),
            "train one model a target",
        ));
    }
    let feature_count = parameters.field("num_feature")?;
    let features = usize::try_from(feature_count.integer()?)
        .ok()
        .filter(|&features| features <= u32::MAX as usize)
        .ok_or_else(|| feature_count.error("is out of range"))?;
    let classes = read_classes(&parameters, objective)?;
    let base_score = read_base_score(&parameters.field("base_score")?, objective, classes)?;
    let feature_names = match learner.optional("feature_names") {
        Some(names) => {
            let texts = names.texts()?;
            if !texts.is_empty() && texts.len() != features {
                return Err(names.error(&format!("holds {} names for {features} features", texts.len())));
            }
            texts
        }
        None => Vec::new(),
    };
    let trees = read_booster(&learner.field("gradient_booster")?, classes, features)?;
    let mut attributes = read_attributes(&learner)?;
    // A value that is none, such as the round -1 of a model without trees, stays an ordinary attribute.
    let best_iteration = attributes.get("best_iteration").and_then(|text| text.trim().parse().ok());
    let best_score = attributes.get("best_score").and_then(|text| text.trim().parse().ok());
    if best_iteration.is_some() {
        attributes.remove("best_iteration");
    }
    if best_score.is_some() {
        attributes.remove("best_score");
    }
    Ok(Model { objective, classes, base_score, feature_names, features, trees, best_iteration, best_score, attributes })
}

fn read_objective(learner: &Place<'_>) -> Result<Objective> {
    let name = learner.field("objective")?.field("name")?.text()?;
    Objective::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Objective::ALL.iter().map(|objective| objective.name()).collect();
        unsupported(
            format!("the objective {name:?} is not supported yet"),
            &format!("use a model of {}", names.join(", ")),
        )
    })
}

fn read_classes(parameters: &Place<'_>, objective: Objective) -> Result<usize> {
    let num_class = parameters.integer_or("num_class", 0)?;
    let place = parameters.optional("num_class");
    let wrong = |what: String| place.as_ref().unwrap_or(parameters).error(&what);
    if objective.is_multiclass() {
        match usize::try_from(num_class) {
            Ok(classes @ 1..=MAX_CLASSES) => Ok(classes),
            _ => Err(wrong(format!("is {num_class}, not the number of classes of {}", objective.name()))),
        }
    } else if (0..=1).contains(&num_class) {
        Ok(1)
    } else {
        Err(wrong(format!("is {num_class}, but {} has no classes", objective.name())))
    }
}

/// The scalar form `2E-1`, or the list form `[2E-1]` of XGBoost 3.1 and later with one value, or one a class.
fn read_base_score(place: &Place<'_>, objective: Objective, classes: usize) -> Result<Vec<f32>> {
    let text = match place.json {
        Json::Text(text) => text.trim(),
        Json::Number(text) => text,
        other => return Err(place.error(&format!("is {}, not a number", other.kind()))),
    };
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let values: Option<Vec<f32>> = inside.split(',').map(|value| value.trim().parse().ok()).collect();
    let mut values =
        values.ok_or_else(|| place.error(&format!("is {text:?}, neither a number nor a list of numbers")))?;
    if values.len() != 1 && values.len() != classes {
        return Err(place.error(&format!("holds {} values for {classes} classes", values.len())));
    }
    for value in &mut values {
        if objective == Objective::BinaryLogistic && (0.0..=1.0).contains(value) {
            *value = value.clamp(logistic::LEAST_PROBABILITY, 1.0 - logistic::LEAST_PROBABILITY);
        }
        if objective.base_margin(*value).is_err() {
            return Err(place
                .error(&format!("is {text:?}, which {} does not allow", objective.name()))
                .remedy("train with a base_score that the objective allows (a probability for binary:logistic)"));
        }
    }
    Ok(values)
}

fn read_attributes(learner: &Place<'_>) -> Result<BTreeMap<String, String>> {
    let Some(place) = learner.optional("attributes") else {
        return Ok(BTreeMap::new());
    };
    let Json::Map(entries) = place.json else {
        return Err(place.error(&format!("is {}, not an object", place.json.kind())));
    };
    let entry = |(name, value): &(std::borrow::Cow<'_, str>, Json<'_>)| match value {
        Json::Text(text) => Ok((name.to_string(), text.to_string())),
        other => Err(place.error(&format!("holds {} under {name:?}, not a string", other.kind()))),
    };
    let attributes: BTreeMap<String, String> = entries.iter().map(entry).collect::<Result<_>>()?;
    match attributes.get(INDEX_BASE).map(String::as_str) {
        None | Some("0" | "1") => Ok(attributes),
        Some(other) => Err(place.error(&format!("holds {other:?} under {INDEX_BASE:?}, neither \"0\" nor \"1\""))),
    }
}

fn read_booster(booster: &Place<'_>, classes: usize, features: usize) -> Result<Vec<Tree>> {
    let name = booster.field("name")?.text()?;
    if name != "gbtree" {
        return Err(unsupported(format!("the booster {name:?} is not supported yet"), "train with booster=gbtree"));
    }
    let model = booster.field("model")?;
    if let Some(parameters) = model.optional("gbtree_model_param")
        && parameters.integer_or("num_parallel_tree", 1)? > 1
    {
        return Err(several_trees_a_round());
    }
    let list = model.field("trees")?;
    let tree = |(index, json)| {
        let name = format!("{}[{index}]", list.name);
        read_tree(&Place { json, name }, features)
    };
    // Before the counts: a tree with several outputs makes those wrong, but is a better message.
    let trees: Vec<Tree> = list.list()?.iter().enumerate().map(tree).collect::<Result<_>>()?;
    let info = model.field("tree_info")?;
    let tree_classes = info.integers()?;
    if tree_classes.len() != trees.len() {
        return Err(info.error(&format!("holds {} entries for {} trees", tree_classes.len(), trees.len())));
    }
    if !trees.len().is_multiple_of(classes) {
        return Err(list.error(&format!("holds {} trees, not a multiple of {classes} classes", trees.len())));
    }
    if tree_classes.iter().enumerate().any(|(index, &class)| class != (index % classes) as i64) {
        return Err(several_trees_a_round());
    }
    if let Some(rounds) = model.optional("iteration_indptr") {
        let starts = rounds.integers()?;
        let regular = starts.iter().enumerate().all(|(round, &start)| start == (round * classes) as i64);
        if !starts.is_empty() && (!regular || starts.len() != trees.len() / classes + 1) {
            return Err(several_trees_a_round());
        }
    }
    Ok(trees)
}

fn several_trees_a_round() -> Error {
    unsupported(
        "the model does not have one tree a round and class, which gboost does not support".to_string(),
        "train with num_parallel_tree=1",
    )
}
