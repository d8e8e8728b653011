//! Do the pages of a report work in a real browser, from a file, without a network?
//!
//! Chromium without a window opens a copy of a page to which a script is added that does what a reader does and writes what it sees into
//! the page; the page is then printed as text. Everything that would leave the machine is sent to a door of our own, which counts who knocks.
//! Where there is no Chromium these tests say so and pass.

use crate::cli::{Place, SMALL};
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The names under which the browser is installed.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// A page is given up after so many tenths of a second: a minute, fifty times what it takes.
const PATIENCE: usize = 600;

/// What a browser made of a page.
struct Seen {
    /// The page as text, after its scripts.
    dom: String,
    /// What the page wrote on its console, errors included.
    console: Vec<String>,
    /// How often anything knocked at the door to the network.
    knocked: usize,
}

fn browser() -> Option<&'static str> {
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let found = BROWSERS.into_iter().find(runs);
    if found.is_none() {
        eprintln!("skipped: no Chromium is installed, so the pages are opened by nobody");
    }
    found
}

/// A tenth of a second of real time: this waits for another process, not for a simulation.
#[allow(clippy::disallowed_methods, reason = "another process is waited for, and it has no virtual time")]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

/// Opens a file with a script added at its end; `flags` are the browser's.
fn open(browser: &str, page: &Path, script: &str, flags: &[&str]) -> Seen {
    let text = std::fs::read_to_string(page).expect("the page was written");
    let copy = page.with_file_name(format!("tried-{}", page.file_name().expect("it has a name").to_string_lossy()));
    std::fs::write(&copy, text.replace("</body>", &format!("<script>{script}</script></body>"))).expect("a copy can be written");
    let door = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let proxy = format!("--proxy-server=127.0.0.1:{}", door.local_addr().expect("it is bound").port());
    let knocked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&knocked);
    // Ends with the test: whoever is refused here is refused at once.
    std::thread::spawn(move || {
        for mut stream in door.incoming().flatten() {
            let mut request = [0; 512];
            let read = stream.read(&mut request).unwrap_or(0);
            // The browser's own services ask for their maker's machines, whatever page is open.
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            if !["google", "gvt1"].iter().any(|own| request.lines().next().unwrap_or_default().contains(own)) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let profile = tempfile::tempdir().expect("there is room for temporary files");
    let (out, err) = (profile.path().join("out"), profile.path().join("err"));
    let file = |path: &Path| std::fs::File::create(path).expect("the file can be made");
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--window-size=1200,1600"])
        .args([&proxy, "--proxy-bypass-list=<-loopback>", "--virtual-time-budget=8000"])
        .arg(format!("--user-data-dir={}", profile.path().join("profile").display()))
        .args(flags)
        .arg("--dump-dom")
        .arg(format!("file://{}", copy.display()))
        .stdout(Stdio::from(file(&out)))
        .stderr(Stdio::from(file(&err)))
        .spawn()
        .expect("the browser starts");
    let mut waited = 0;
    while child.try_wait().expect("the browser can be asked").is_none() {
        waited += 1;
        if waited > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{} did not open within a minute", page.display());
        }
        pause();
    }
    let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).expect("the browser wrote it")).into_owned();
    let console = read(&err).lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    Seen { dom: read(&out), console, knocked: knocked.load(Ordering::SeqCst) }
}

impl Seen {
    /// What the script that was added said under this name.
    fn said(&self, name: &str) -> &str {
        let begin = format!("<i id=\"said-{name}\">");
        let at = self.dom.find(&begin).unwrap_or_else(|| panic!("the script said nothing of {name}; console: {:?}", self.console));
        self.dom[at + begin.len()..].split("</i>").next().unwrap_or_default()
    }

    fn is_clean(&self) {
        assert_eq!(self.console, Vec::<String>::new(), "the page complains");
        assert_eq!(self.knocked, 0, "something wanted to leave");
    }
}

/// Lets the added script say what it sees.
const SAY: &str = "const say = (name, text) => { const i = document.createElement('i'); i.id = 'said-' + name; i.textContent = text; document.body.append(i); };\n";

/// Pages of two arms over two cells, one of the arms with a name that would be a tag.
fn place() -> Place {
    let text = SMALL
        .replace("\"retry\":", "\"<script>alert(1)</script>\":")
        .replace("name: \"small\"", "name: \"<script>console.error(7)</script>\"")
        .replace("sweep: (replications: 3)", "sweep: (replications: 3, vary: { \"nodes.clients.arrivals.rate\": [\"40/s\", \"60/s\"] })");
    let place = Place::with(&[("small.ron", &text)]);
    let said = place.run(&["compare", "small.ron", "--out", "r", "--quiet"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    place
}

#[test]
fn the_page_works_in_a_browser_and_nothing_leaves() {
    let Some(browser) = browser() else { return };
    let place = place();
    let script = format!(
        "{SAY}
        const rows = () => [...document.querySelector('#ranking ~ .wide table').tBodies[0].rows].map(row => row.cells[1].textContent).join('|');
        const head = [...document.querySelectorAll('#ranking ~ .wide th button')].find(button => button.textContent === 'arm');
        head.click(); say('up', rows()); head.click(); say('down', rows());
        say('sort', head.closest('th').getAttribute('aria-sort'));
        const line = () => getComputedStyle(document.querySelector('svg.chart .s-a0')).display;
        const row = document.querySelector('tr[data-arm=\"0\"]');
        const box = document.querySelector('input[data-arm=\"0\"]');
        say('before', line() + ' ' + getComputedStyle(row).display);
        box.click(); say('after', line() + ' ' + getComputedStyle(row).display);
        document.getElementById('all-arms').click(); say('again', line() + ' ' + getComputedStyle(row).display);
        const ground = () => getComputedStyle(document.body).backgroundColor;
        say('light', ground()); document.getElementById('theme').click(); say('dark', ground());
        say('focus', [...document.querySelectorAll('#controls input, #controls button, th button, summary, a[href]')].every(part => part.tabIndex === 0));
        say('scripts', document.scripts.length);
        say('loaded', performance.getEntriesByType('resource').length);
        say('pictures', [...document.querySelectorAll('svg[role=img]')].every(svg => svg.querySelector('title') || svg.getAttribute('aria-label')));"
    );
    let seen = open(browser, &place.path().join("r/report.html"), &script, &[]);
    seen.is_clean();
    let tag = "&lt;script&gt;alert(1)&lt;/script&gt;";
    assert_eq!(seen.said("up"), format!("{tag}|none"));
    assert_eq!(seen.said("down"), format!("none|{tag}"));
    assert_eq!(seen.said("sort"), "descending");
    assert_eq!((seen.said("before"), seen.said("after"), seen.said("again")), ("inline table-row", "none none", "inline table-row"));
    assert_eq!((seen.said("light"), seen.said("dark")), ("rgb(255, 255, 255)", "rgb(22, 25, 29)"));
    assert_eq!((seen.said("focus"), seen.said("pictures"), seen.said("loaded")), ("true", "true", "0"));
    assert_eq!(seen.said("scripts"), "2", "the page's own and the test's");
}

#[test]
fn dark_and_print_styles_apply_without_any_script() {
    let Some(browser) = browser() else { return };
    let place = place();
    let script = format!("{SAY}say('ground', getComputedStyle(document.body).backgroundColor);");
    let page = place.path().join("r/report.html");
    let dark = open(browser, &page, &script, &["--blink-settings=preferredColorScheme=0"]);
    assert_eq!(dark.said("ground"), "rgb(22, 25, 29)");
    // The print style on a screen, without the page's own script, on a dark system.
    let text = std::fs::read_to_string(&page).expect("the page was written");
    let (before, script_of_page) = text.rsplit_once("<script>").expect("it has a script");
    let printed = format!("{}{}", before.replace("@media print", "@media all"), script_of_page.split_once("</script>").expect("it ends").1);
    place.write("r/printed.html", printed.as_bytes());
    let script = format!(
        "{SAY}say('controls', getComputedStyle(document.getElementById('controls')).display + getComputedStyle(document.querySelector('nav')).display);
        say('figure', getComputedStyle(document.querySelector('figure')).breakInside);
        const height = part => part.getBoundingClientRect().height;
        const folded = [...document.querySelectorAll('details:not([open])')].filter(part => !part.closest('figcaption'));
        say('folded', folded.length > 2 && folded.every(part => height(part) > 2 * height(part.querySelector('summary'))));
        say('rows', [...document.querySelectorAll('figcaption details')].every(part => height(part.querySelector('p')) > 0 && [...part.querySelectorAll('table')].every(rows => height(rows) === 0)));"
    );
    let print = open(browser, &place.path().join("r/printed.html"), &script, &[]);
    assert_eq!((print.said("controls"), print.said("figure")), ("nonenone", "avoid"));
    // What is folded away is on paper, but for the rows of figures: files have those.
    assert_eq!((print.said("folded"), print.said("rows")), ("true", "true"));
}

#[test]
fn the_page_to_explore_zooms_and_shows_values() {
    let Some(browser) = browser() else { return };
    let place = place();
    let page = place.path().join("r/explore.html");
    if !page.exists() {
        eprintln!("skipped: the program was built without the feature `explore`");
        return;
    }
    let script = format!(
        "{SAY}
        const wait = time => new Promise(done => setTimeout(done, time));
        const choose = (control, value) => {{ control.value = value; control.dispatchEvent(new Event('change')); }};
        (async () => {{
          await window.drawn;
          choose(kind, 'availability-over-time'); await window.drawn; await wait(200);
          const first = plot.querySelector('.nsewdrag').getBoundingClientRect();
          const send = (target, type, x, y) => target.dispatchEvent(new MouseEvent(type, {{ bubbles: true, cancelable: true, view: window, clientX: x, clientY: y, button: 0, buttons: type === 'mouseup' ? 0 : 1 }}));
          const drag = plot.querySelector('.nsewdrag');
          const middle = first.top + first.height / 2;
          drag.dispatchEvent(new MouseEvent('mousemove', {{ bubbles: true, view: window, clientX: first.left + first.width / 2, clientY: middle }}));
          await wait(500);
          say('hover', [...plot.querySelectorAll('.hoverlayer text')].map(text => text.textContent).join(' '));
          const range = () => plot.layout.xaxis.range || plot._fullLayout.xaxis.range;
          const before = range().slice();
          send(drag, 'mousedown', first.left + first.width * 0.25, middle);
          for (const share of [0.3, 0.4, 0.5]) {{ send(document.querySelector('.dragcover') || document, 'mousemove', first.left + first.width * share, middle); await wait(50); }}
          send(document.querySelector('.dragcover') || document, 'mouseup', first.left + first.width * 0.5, middle);
          await wait(600);
          const after = range();
          say('zoom', (after[1] - after[0]) / (before[1] - before[0]) < 0.5);
          const cells = [...which.options].map(option => option.textContent).join('|');
          const drawnOf = () => JSON.stringify(plot.data.map(trace => trace.y));
          const one = drawnOf(); choose(which, which.options[1].value); await window.drawn;
          say('cells', cells); say('other', one !== drawnOf());
          say('names', plot.data.filter(trace => trace.showlegend !== false).map(trace => trace.name).join('|'));
          say('kinds', [...kind.options].length);
          const wrong = [];
          for (const option of [...kind.options]) {{ choose(kind, option.value); await window.drawn; if (measures(chosen())[measure.value].line !== chosen().measure) wrong.push(option.value + ': ' + measure.selectedOptions[0].textContent); for (const shown of [...measure.options]) {{ choose(measure, shown.value); await window.drawn; }} }}
          say('defaults', wrong.join(', '));
          choose(kind, 'amplification'); await window.drawn; say('edges', [...new Set(plot.data.map(trace => trace.type))].join());
          const dark = plot._fullLayout.paper_bgcolor; theme.click(); await window.drawn;
          say('theme', dark + ' ' + plot._fullLayout.paper_bgcolor);
          say('loaded', performance.getEntriesByType('resource').length);
          say('tags', plot.querySelectorAll('script, a[href]').length);
        }})().catch(error => console.error(String(error)));"
    );
    let seen = open(browser, &page, &script, &[]);
    seen.is_clean();
    assert!(seen.said("hover").contains("none") && seen.said("hover").contains('%'), "{}", seen.said("hover"));
    assert_eq!(seen.said("zoom"), "true");
    assert_eq!(seen.said("cells"), "nodes.clients.arrivals.rate = 40/s|nodes.clients.arrivals.rate = 60/s");
    assert_eq!(seen.said("other"), "true");
    assert_eq!(seen.said("names"), "none|&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;");
    assert!(seen.said("kinds").parse::<usize>().is_ok_and(|kinds| kinds >= 4), "{}", seen.said("kinds"));
    assert_eq!(seen.said("defaults"), "", "every picture begins with the measure that it is drawn for in the report");
    assert_eq!(seen.said("edges"), "bar", "nothing leads from one edge to the next");
    assert_eq!(seen.said("theme"), "#ffffff #16191d");
    assert_eq!((seen.said("loaded"), seen.said("tags")), ("0", "0"));
}

#[test]
fn the_door_notices_a_page_that_asks_the_network() {
    let Some(browser) = browser() else { return };
    let place = Place::with(&[("leaks.html", "<!doctype html><title>x</title><body><img src=\"http://127.0.0.9/x.png\"></body>")]);
    let seen = open(browser, &place.path().join("leaks.html"), "console.error('seen')", &[]);
    assert!(seen.knocked > 0 && seen.console.iter().any(|line| line.contains("seen")), "otherwise the other tests prove nothing");
}
