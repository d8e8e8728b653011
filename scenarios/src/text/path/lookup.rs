//! Which element does a path lead to, and what is there instead if it leads nowhere?

use super::{Path, Step};
use crate::problem::{Problem, one_of};
use crate::text::source::Source;
use crate::text::tree::{Element, Shape};

/// Returns the element a path leads to, or which part of the path is unknown and what is there instead.
pub fn locate<'a>(source: &'a Source, path: &Path) -> Result<Element<'a>, Problem> {
    locate_in(source.root()?, path)
}

/// Does what [`locate`] does, from any element on: the path begins inside it.
pub fn locate_in<'a>(element: Element<'a>, path: &Path) -> Result<Element<'a>, Problem> {
    let mut here = element;
    let mut way = Path::default();
    for step in &path.steps {
        here = match look(here, step)? {
            Look::Found(found) => found,
            Look::Absent(container) => return Err(absent(container, &way, step)?.path(path.to_string())),
        };
        way = way.with(step.clone());
    }
    Ok(here)
}

/// What looking for one step finds.
pub(in crate::text) enum Look<'a> {
    Found(Element<'a>),
    /// Nothing; this is the element that would have to contain it.
    Absent(Element<'a>),
}

pub(in crate::text) fn look<'a>(element: Element<'a>, step: &Step) -> Result<Look<'a>, Problem> {
    let container = container_for(element, step);
    let found = match (container.shape(), step) {
        (Shape::Struct, Step::Name(name)) => container.fields()?.into_iter().find(|field| field.name == name).map(|field| field.value),
        (Shape::Map, Step::Name(name)) => container.entries()?.into_iter().find(|entry| entry.key == *name).map(|entry| entry.value),
        (Shape::List, Step::Name(name)) => container.items()?.into_iter().find(|item| label(*item).as_ref() == Some(name)),
        (Shape::List | Shape::Tuple, Step::Index(index)) => container.items()?.get(*index).copied(),
        _ => None,
    };
    Ok(found.map_or(Look::Absent(container), Look::Found))
}

/// Returns the text of the field `label:`, if the element is a struct that has one.
pub fn label(element: Element<'_>) -> Option<String> {
    let fields = element.fields_as_written().ok()?;
    let label = fields.iter().find(|field| field.name == "label")?;
    ron::from_str(label.value.text()).ok()
}

/// Returns what stands inside `Name(one)`, the wrapper that paths look through.
pub(in crate::text) fn inside(element: Element<'_>) -> Option<Element<'_>> {
    element.variant_name()?;
    if element.shape() != Shape::Tuple {
        return None;
    }
    match element.items().ok()?.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// Returns the element in which a step is looked for: the first one inside wrappers that has such parts.
fn container_for<'a>(element: Element<'a>, step: &Step) -> Element<'a> {
    let mut here = element;
    while let Some(inner) = inside(here) {
        here = inner;
    }
    // An index into `Timeout("1s")` means the tuple itself, unless a list is inside.
    if matches!(step, Step::Index(_)) && here.shape() != Shape::List { element } else { here }
}

/// Returns the problem that `step` leads nowhere: what the container is, and which steps it has.
fn absent(container: Element<'_>, way: &Path, step: &Step) -> Result<Problem, Problem> {
    let whole = way.spoken();
    let known: Vec<String> = match container.shape() {
        Shape::Struct => container.fields()?.into_iter().map(|field| field.name.to_owned()).collect(),
        Shape::Map => container.entries()?.into_iter().map(|entry| entry.key).collect(),
        Shape::List => container.items()?.into_iter().filter_map(label).collect(),
        _ => Vec::new(),
    };
    let names = known.iter().map(String::as_str);
    let here = |message: String| Problem::new(message).at(container.head());
    Ok(match (container.shape(), step) {
        (Shape::Struct, Step::Name(name)) if known.is_empty() => here(format!("{whole} has no `{name}`: it has no fields written")),
        (Shape::Struct | Shape::Map, Step::Name(name)) => here(format!("{whole} has no `{name}`"))
            .expected(one_of(known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().iter().map(String::as_str)))
            .suggest(name, names),
        (Shape::List, Step::Name(name)) => {
            let problem = here(format!("no item of {whole} has the label `{name}`")).suggest(name, names.clone());
            problem.expected(if known.is_empty() {
                "a position in the list, from `[0]`".to_owned()
            } else {
                format!("the label {}", one_of(names))
            })
        }
        (Shape::List | Shape::Tuple, Step::Index(index)) => {
            let count = container.items()?.len();
            let items = if count == 1 { "1 item".to_owned() } else { format!("{count} items") };
            here(format!("{whole} has {items}, so there is no `[{index}]`")).hint("the first item is `[0]`")
        }
        (Shape::Struct | Shape::Map, Step::Index(index)) => {
            here(format!("{whole} is no list, so it has no `[{index}]`")).expected(one_of(names))
        }
        (_, Step::Name(name)) => here(format!("{whole} is {}, so it has no `{name}`", container.described())),
        (_, Step::Index(index)) => here(format!("{whole} is {}, so it has no `[{index}]`", container.described())),
    })
}
