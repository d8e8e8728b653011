//! What does a changed value mean where arms write the same place themselves?

use crate::problem::Problem;
use crate::text::Source;
use crate::text::overlay::SECTIONS;
use crate::text::patch::replace;
use crate::text::path::{Path, Step, locate_in};
use crate::text::tree::Element;

/// Returns the text with the value at `path` replaced: in the scenario itself, and in every arm that overlays the place.
///
/// A path means the same thing whatever an arm writes in its stead: otherwise `nodes.checkout.workers` would be without
/// effect in an arm that has its own `checkout`, and a stack that only arms write could not be changed at all. Layers of a
/// stack go by position, so a field that one arm writes there is not added to another arm's layer.
pub(super) fn changed(source: &Source, path: &Path, value: &str) -> Result<String, Problem> {
    let root = source.root()?;
    let is_written = |path: &&Path| locate_in(root, path).is_ok();
    let everywhere = places_of(root, path);
    let by_position = matches!(path.steps(), [Step::Name(section), ..] if section == "stacks");
    let somewhere_written = everywhere.iter().any(|path| is_written(&path));
    let chosen: Vec<&Path> = everywhere
        .iter()
        .filter(|path| if by_position && somewhere_written { is_written(path) } else { replace(source, path, value).is_ok() })
        .collect();
    if chosen.is_empty() {
        // The problem is best told where the entry stands: where only arms write it, in the last of them.
        let is_in_base = locate_in(root, &path.up_to(2)).is_ok();
        let told = everywhere.last().filter(|_| !is_in_base).unwrap_or(path);
        return replace(source, told, value);
    }
    let mut changed = source.clone();
    for path in chosen {
        changed.text = replace(&changed, path, value)?;
    }
    Ok(changed.text)
}

/// The path itself, and the same path inside every arm that has an entry of that section and key.
pub(super) fn places_of(root: Element<'_>, path: &Path) -> Vec<Path> {
    let mut places = vec![path.clone()];
    if let [Step::Name(section), Step::Name(_), ..] = path.steps()
        && SECTIONS.iter().any(|known| known.name == section)
    {
        let arms = locate_in(root, &Path::from(Step::Name("arms".to_owned()))).and_then(Element::entries).unwrap_or_default();
        let overlays = arms.iter().map(|arm| path.below(&[Step::Name("arms".to_owned()), Step::Name(arm.key.clone())]));
        places.extend(overlays.filter(|inner| locate_in(root, &inner.up_to(4)).is_ok()));
    }
    places
}
