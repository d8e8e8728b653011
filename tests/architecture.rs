//! Does every package import only packages below it?

use std::collections::BTreeMap;

/// The staircase, from the bottom up.
const STAIRS: [&str; 5] = ["sim-core", "models", "scenarios", "reports", "stormglass"];

fn manifest(package: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let path = if package == "stormglass" { format!("{root}/Cargo.toml") } else { format!("{root}/{package}/Cargo.toml") };
    std::fs::read_to_string(path).expect("every package has a manifest")
}

/// The names under `[dependencies]`, without those for tests.
fn dependencies(package: &str) -> Vec<String> {
    let text = manifest(package);
    let section = text.split("\n[").find(|section| section.starts_with("dependencies]")).expect("every package has dependencies");
    section.lines().skip(1).filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.trim().to_owned()).collect()
}

#[test]
fn a_package_imports_only_packages_below_it() {
    for (height, package) in STAIRS.iter().enumerate() {
        for dependency in dependencies(package) {
            if let Some(position) = STAIRS.iter().position(|stair| *stair == dependency) {
                assert!(position < height, "{package} imports {dependency}, which is not below it");
            }
        }
    }
}

#[test]
fn the_lower_packages_lack_what_would_let_the_outside_in() {
    let banned: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("sim-core", &["ron", "rayon", "fs-err", "plotters", "clap", "rand_distr", "petgraph"][..]),
        ("models", &["ron", "rayon", "fs-err", "plotters", "clap", "rand_distr"]),
        ("scenarios", &["plotters", "resvg", "clap", "indicatif"]),
        ("reports", &["rayon", "clap", "models", "indicatif"]),
    ]);
    for (package, names) in banned {
        let present = dependencies(package);
        for name in names {
            assert!(!present.iter().any(|dependency| dependency == name), "{package} must not depend on {name}");
        }
    }
}

#[test]
fn only_one_file_starts_threads() {
    let folder = format!("{}/scenarios/src", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).expect("the package has sources") {
        let path = entry.expect("the folder can be read").path();
        if path.is_file() && path.file_name().is_some_and(|name| name != "parallel.rs") {
            let text = std::fs::read_to_string(&path).expect("sources are text");
            assert!(!text.contains("use rayon"), "{} uses rayon; only parallel.rs may", path.display());
        }
    }
}
