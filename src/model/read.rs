//! XGBoost's JSON in.
//!
//! Everything that prediction relies on is checked here, so that no later step can run out of
//! bounds or in circles on a damaged or hostile file: the rest of the crate may trust a [`Model`]
//! that was read.

use super::json::Json;
use super::read_tree::read_tree;
use super::{INDEX_BASE, Model};
use crate::error::words::say;
use crate::error::{Error, Result};
use crate::io::files::read_checked;
use crate::io::{Local, Location, Storage};
use crate::model::place::{Place, unsupported};
use crate::objective::Objective;
use crate::tree::{Node, Tree};
use std::collections::BTreeMap;
use std::path::Path;

/// More classes than this are taken for damage, so that a broken number cannot ask for all memory.
const MAX_CLASSES: usize = 1 << 16;

/// More classes than this are refused in a model without trees, whose file would ask for much more
/// memory than it has.
const MAX_CLASSES_WITHOUT_TREES: usize = 256;

impl Model {
    /// Reads a model that gboost or XGBoost 1.0 to 3.4 wrote as JSON.
    ///
    /// # Errors
    /// If the file cannot be read, is not a model in JSON, is damaged, or needs what gboost does
    /// not support; the message names the place in the file and the remedy.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_from(&Local, &path.as_ref().into())
    }

    /// Reads a model from any storage; see [`Model::load`].
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_from(storage: &dyn Storage, at: &Location) -> Result<Self> {
        let path = at.path();
        let failed = |source| Error::io("read the model", path, source);
        let bytes = read_checked(storage, at, failed, |head| check_format(head).map_err(|error| error.at_path(path)))?;
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

fn read_model(document: &Place<'_>) -> Result<Model> {
    let learner = document.field("learner")?;
    document.only(&["learner", "version"])?;
    if learner.optional("learner_train_param").is_some() {
        return Err(Error::model("the file is a configuration, perhaps the output of save_config, and has no trees")
            .remedy("save the model in XGBoost with save_model(\"model.json\")"));
    }
    let booster = learner.field("gradient_booster")?;
    let objective = read_objective(&learner)?;
    let parameters = learner.field("learner_model_param")?;
    learner.only(&[
        "attributes",
        "feature_names",
        "feature_types",
        "gradient_booster",
        "learner_model_param",
        "objective",
    ])?;
    if parameters.integer_or("num_target", 1)? > 1 {
        return Err(unsupported(
            "models with several targets are not supported".to_string(),
            "train one model a target",
        ));
    }
    parameters.only(&["base_score", "boost_from_average", "num_class", "num_feature", "num_target"])?;
    let feature_count = parameters.field("num_feature")?;
    let features = usize::try_from(feature_count.integer()?)
        .ok()
        .filter(|&features| features <= u32::MAX as usize)
        .ok_or_else(|| feature_count.error("is out of range"))?;
    let classes = read_classes(&learner, &parameters, objective)?;
    let base_score = read_base_score(&parameters.field("base_score")?, objective, classes)?;
    if let Some(types) = learner.optional("feature_types") {
        // Of no use here: a feature of categories matters where a tree splits on them.
        types.texts()?;
    }
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
    let Booster { trees, weights, says_one_a_round } = read_booster(&booster, classes, features)?;
    if trees.is_empty() && classes > base_score.len().max(MAX_CLASSES_WITHOUT_TREES) {
        return Err(unsupported(
            format!("the model has {classes} classes and not one tree"),
            "train it for one round at least",
        ));
    }
    let mut attributes = read_attributes(&learner)?;
    // A value that is none, such as the round -1 of a model without trees, stays an ordinary
    // attribute.
    let best_iteration = attributes.get("best_iteration").and_then(|text| text.trim().parse().ok());
    let best_score = attributes.get("best_score").and_then(|text| text.trim().parse().ok());
    if best_iteration.is_some() {
        attributes.remove("best_iteration");
    }
    if best_score.is_some() {
        attributes.remove("best_score");
    }
    let mut model = Model {
        objective,
        classes,
        base_score,
        feature_names,
        features,
        trees,
        tree_weights: weights,
        best_iteration,
        best_score,
        attributes,
        notes: Vec::new(),
    };
    if !says_one_a_round {
        let note = settle_best_round(&mut model);
        model.notes.extend(note);
    }
    Ok(model)
}

/// What a file of XGBoost 1.0 to 1.5 leaves open: it counts best rounds, and does not say how many
/// trees a round has. All its trees are taken for a round of their own. Where `best_ntree_limit`
/// (1.4 and 1.5) has the trees up to the best round, the best round is counted anew; where nothing
/// tells, returns a warning.
fn settle_best_round(model: &mut Model) -> Option<String> {
    let best = model.best_iteration.filter(|&best| best.saturating_add(1) < model.rounds())?;
    let limit = model.attributes.get("best_ntree_limit").and_then(|text| text.trim().parse::<usize>().ok());
    if let Some(limit) = limit.filter(|limit| (best + 1..=model.rounds()).contains(limit) && limit % (best + 1) == 0) {
        model.best_iteration = Some(limit - 1);
        return None;
    }
    let note = format!(
        "the file does not say how many trees a round has (XGBoost 1.0 to 1.5 leave that out), so the best round {best} stands \
         for the first {} of {} trees, which is too few if the model was trained with num_parallel_tree above 1; then use all \
         rounds ({{all-rounds}}), or train it again with a newer XGBoost",
        (best + 1) * model.classes,
        model.trees.len()
    );
    Some(say(&note).into_owned())
}

fn read_objective(learner: &Place<'_>) -> Result<Objective> {
    let place = learner.field("objective")?;
    let name = place.field("name")?.text()?;
    let objective = Objective::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Objective::ALL.iter().map(|objective| objective.name()).collect();
        unsupported(
            format!("the objective {name:?} is not supported yet"),
            &format!("use a model of {}", names.join(", ")),
        )
    })?;
    let entry = objective.model_entry();
    place.only(&["name", entry.name])?;
    if let Some(parameters) = place.optional(entry.name) {
        parameters.only(&[entry.parameter])?;
    }
    Ok(objective)
}

fn read_classes(learner: &Place<'_>, parameters: &Place<'_>, objective: Objective) -> Result<usize> {
    let num_class = parameters.integer_or("num_class", 0)?;
    let place = parameters.optional("num_class");
    let wrong = |what: String| place.as_ref().unwrap_or(parameters).error(&what);
    if objective.is_multiclass() {
        // XGBoost keeps the number twice and reads both.
        let objective_has =
            learner.optional("objective").and_then(|place| place.optional(objective.model_entry().name));
        if let Some(place) = objective_has
            && place.integer_or("num_class", num_class)? != num_class
        {
            return Err(place.error(&format!("has another num_class than the {num_class} of learner_model_param")));
        }
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

/// The scalar form `2E-1`, or the list form `[2E-1]` of XGBoost 3.1 and later with one value, or
/// one per class.
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
        *value = objective.read_base_score(*value);
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

/// Trees, their weights, and the layout that the file declares.
struct Booster {
    trees: Vec<Tree>,
    weights: Vec<f32>,
    /// Whether the file declares one tree per class and round.
    says_one_a_round: bool,
}

/// Where a booster with dropout has its weights, which differs between versions: XGBoost 1.0 to 3.2
/// wrote `{"name": "dart", "gbtree": {the booster}, "weight_drop": [...]}`, later ones write them
/// into `model`.
fn read_booster(booster: &Place<'_>, classes: usize, features: usize) -> Result<Booster> {
    let name = booster.field("name")?.text()?;
    let gbtree = match name {
        "gbtree" => {
            booster.only(&["name", "model", "weight_drop"])?;
            None
        }
        "dart" => {
            booster.only(&["name", "gbtree", "weight_drop"])?;
            let gbtree = booster.field("gbtree")?;
            gbtree.only(&["name", "model"])?;
            Some(gbtree)
        }
        _ => {
            return Err(unsupported(format!("the booster {name:?} is not supported yet"), "train with booster=gbtree"));
        }
    };
    let model = gbtree.as_ref().unwrap_or(booster).field("model")?;
    model.only(&["gbtree_model_param", "trees", "tree_info", "iteration_indptr", "cats", "weight_drop"])?;
    if let Some(categories) = model.optional("cats") {
        // The names of categories: without a split on categories, which is refused, they are of no
        // use.
        categories.only(&["enc", "feature_segments", "sorted_idx"])?;
    }
    let list = model.field("trees")?;
    let count = list.list()?.len();
    let says_one_a_round = match model.optional("gbtree_model_param") {
        Some(parameters) => {
            parameters.only(&["num_trees", "num_parallel_tree", "size_leaf_vector"])?;
            if parameters.integer_or("num_parallel_tree", 1)? > 1 {
                return Err(several_trees_a_round());
            }
            let declared = parameters.integer_or("num_trees", count as i64)?;
            if declared != count as i64 {
                return Err(list.error(&format!("holds {count} trees, but num_trees is {declared}")));
            }
            parameters.optional("num_parallel_tree").is_some()
        }
        None => false,
    };
    let tree = |(index, json)| {
        let name = format!("{}[{index}]", list.name);
        read_tree(&Place { json, name }, index, features)
    };
    // Before the counts: a tree with several outputs makes those wrong, but is a better message.
    let trees: Vec<Tree> = list.list()?.iter().enumerate().map(tree).collect::<Result<_>>()?;
    let info = model.field("tree_info")?;
    let tree_classes = info.integers()?;
    if tree_classes.len() != trees.len() {
        return Err(info.error(&format!("holds {} entries for {} trees", tree_classes.len(), trees.len())));
    }
    if let Some((index, class)) = tree_classes
        .iter()
        .enumerate()
        .find(|&(_, &class)| usize::try_from(class).map_or(true, |class| class >= classes))
    {
        return Err(info.item_error(index, &format!("is {class}, but the classes are 0 to {}", classes - 1)));
    }
    if !trees.len().is_multiple_of(classes) {
        return Err(list.error(&format!("holds {} trees, not a multiple of {classes} classes", trees.len())));
    }
    if tree_classes.iter().enumerate().any(|(index, &class)| class != (index % classes) as i64) {
        return Err(several_trees_a_round());
    }
    let rounds = model.optional("iteration_indptr").filter(|rounds| !matches!(rounds.list(), Ok([])));
    if let Some(rounds) = &rounds {
        let starts = rounds.integers()?;
        let is_ascending = starts.is_sorted() && starts.first() == Some(&0);
        if !is_ascending || starts.last() != Some(&(trees.len() as i64)) {
            return Err(rounds.error(&format!("does not go from 0 up to the {} trees", trees.len())));
        }
        let regular = starts.iter().enumerate().all(|(round, &start)| start == (round * classes) as i64);
        if !regular || starts.len() != trees.len() / classes + 1 {
            return Err(several_trees_a_round());
        }
    }
    let weights = read_weights(booster, &model, gbtree.is_some(), &trees)?;
    Ok(Booster { trees, weights, says_one_a_round: says_one_a_round || rounds.is_some() })
}

/// The weights of dropout, beside the model or inside it; none for a booster that was trained
/// without.
fn read_weights(booster: &Place<'_>, model: &Place<'_>, is_dart: bool, trees: &[Tree]) -> Result<Vec<f32>> {
    let place = match (booster.optional("weight_drop"), model.optional("weight_drop")) {
        (Some(beside), Some(inside)) if beside.floats()? != inside.floats()? => {
            return Err(beside.error(&format!("differs from {}", inside.name)));
        }
        (Some(place), _) | (None, Some(place)) => place,
        (None, None) if is_dart => booster.field("weight_drop")?,
        (None, None) => return Ok(Vec::new()),
    };
    let weights = place.floats()?;
    // XGBoost writes an empty list where nothing was dropped out.
    if weights.is_empty() {
        return Ok(weights);
    }
    if weights.len() != trees.len() {
        return Err(place.error(&format!("holds {} weights for {} trees", weights.len(), trees.len())));
    }
    for (index, (&weight, tree)) in weights.iter().zip(trees).enumerate() {
        if !weight.is_finite() {
            return Err(place.item_error(index, &format!("is {weight}, not a finite number")));
        }
        let mut leaves = tree.nodes.iter().filter_map(Node::leaf_value);
        if let Some(leaf) = leaves.find(|leaf| !(leaf * weight).is_finite()) {
            let what = format!("is {weight}, which makes a leaf of {leaf} infinite");
            return Err(place.item_error(index, &what));
        }
    }
    Ok(weights)
}

fn several_trees_a_round() -> Error {
    unsupported(
        "the model does not have one tree a round and class, which gboost does not support".to_string(),
        "train with num_parallel_tree=1",
    )
}
