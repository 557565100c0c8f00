//! A picture made part of the page.
//!
//! Its text stays text, its colours follow the page's, and nothing of it acts: the file is read as XML, and only drawing
//! elements and attributes are written again. So no script, style sheet, link or foreign content of a picture reaches the page.

use std::collections::BTreeSet;
use std::fmt::Write;

use roxmltree::{Document, Node, ParsingOptions};

use super::escaped;

/// What may be drawn.
const ELEMENTS: [&str; 14] = [
    "g", "defs", "path", "use", "text", "tspan", "clipPath", "rect", "circle", "ellipse", "line", "polyline",
    "polygon", "pattern",
];

/// What may be said of it.
const ATTRIBUTES: [&str; 36] = [
    "id",
    "d",
    "style",
    "transform",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "width",
    "height",
    "points",
    "clip-path",
    "clip-rule",
    "fill",
    "fill-opacity",
    "fill-rule",
    "stroke",
    "stroke-width",
    "stroke-opacity",
    "opacity",
    "patternUnits",
    "patternTransform",
    "text-anchor",
    "font-size",
    "font-family",
    "font-weight",
    "dx",
    "dy",
    "viewBox",
];

/// What a style may say: the declarations of a drawing, none of a page's layout or of what it loads.
const PROPERTIES: [&str; 20] = [
    "fill",
    "fill-opacity",
    "fill-rule",
    "stroke",
    "stroke-width",
    "stroke-opacity",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-dasharray",
    "stroke-dashoffset",
    "opacity",
    "font",
    "font-size",
    "font-family",
    "font-style",
    "font-weight",
    "text-anchor",
    "clip-path",
    "clip-rule",
];

/// Deeper than any plot is nested.
const DEEPEST: usize = 100;

/// A unit of the picture, of which its text is ten high, is at least so many pixels; a narrow screen shows a part of it.
const LEAST_SCALE: f64 = 0.75;

/// And at most so many: a point at 96 pixels an inch.
const MOST_SCALE: f64 = 4.0 / 3.0;

/// The picture as an element of the page, described by `alt`. `name` keeps its identifiers apart from other pictures'.
///
/// # Errors
/// What is wrong with the file, if it is no picture of this kind.
pub(super) fn inline(text: &str, name: &str, alt: &str) -> Result<String, String> {
    // matplotlib names the DTD of SVG 1.1. It is not fetched, and no entity of it is needed.
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| error.to_string())?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" {
        return Err(format!("its root is `{}`, not `svg`", root.tag_name().name()));
    }
    let view: Vec<f64> = root
        .attribute("viewBox")
        .into_iter()
        .flat_map(|view| view.split([' ', ',']).filter(|word| !word.is_empty()))
        .filter_map(|word| word.parse().ok())
        .collect();
    let [x, y, width, height] = view[..] else {
        return Err("it has no viewBox of four numbers".to_owned());
    };
    if repeats_itself(root) {
        return Err("a `use` in it refers to what holds another `use`".to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let (least, most) = (width * LEAST_SCALE, width * MOST_SCALE);
    put(&mut out, format_args!("<svg class=\"plot\" role=\"img\" viewBox=\"{x} {y} {width} {height}\" "));
    put(&mut out, format_args!("style=\"min-width:{least:.0}px;max-width:{most:.0}px\" "));
    attribute(&mut out, "aria-label", alt);
    out.push('>');
    children(root, name, 0, &mut out)?;
    out.push_str("</svg>");
    Ok(out)
}

/// Whether a `use` refers to an element that holds a `use` itself: a few dozen of such, one in the other, draw more than any browser
/// can.
fn repeats_itself(root: Node<'_, '_>) -> bool {
    let is_use = |node: &Node<'_, '_>| node.tag_name().name() == "use";
    let holders: BTreeSet<&str> = root
        .descendants()
        .filter(is_use)
        .flat_map(|inner| inner.ancestors())
        .filter_map(|holder| holder.attribute("id"))
        .collect();
    let targets = root.descendants().filter(is_use).flat_map(|it| it.attributes());
    targets
        .filter(|attribute| attribute.name() == "href")
        .filter_map(|attribute| attribute.value().strip_prefix('#'))
        .any(|target| holders.contains(target))
}

fn children(node: Node<'_, '_>, name: &str, depth: usize, out: &mut String) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("its elements are nested deeper than {DEEPEST}"));
    }
    let speaks = matches!(node.tag_name().name(), "text" | "tspan");
    for child in node.children() {
        if let Some(text) = child.text().filter(|_| child.is_text() && speaks) {
            out.push_str(&escaped(text));
        } else if child.is_element() && ELEMENTS.contains(&child.tag_name().name()) {
            let tag = child.tag_name().name();
            put(out, format_args!("<{tag}"));
            for found in child.attributes() {
                if let Some(value) = allowed(found.name(), found.value(), name) {
                    out.push(' ');
                    attribute(out, found.name(), &value);
                }
            }
            out.push('>');
            children(child, name, depth + 1, out)?;
            put(out, format_args!("</{tag}>"));
        }
    }
    Ok(())
}

/// The value of an attribute on the page, or `None` if it has no business there.
fn allowed(attribute: &str, value: &str, name: &str) -> Option<String> {
    match attribute {
        "id" => Some(format!("{name}-{value}")),
        // Within the picture only.
        "href" => value.strip_prefix('#').map(|target| format!("#{name}-{target}")),
        "style" => {
            let kept = value.split(';').filter_map(|declaration| {
                let (property, value) = declaration.split_once(':')?;
                let property = PROPERTIES.into_iter().find(|known| *known == property.trim())?;
                let value = allowed_value(value.trim(), name)?;
                Some(format!("{property}:{}", if is_colour(property) { themed(&value) } else { value }))
            });
            Some(kept.collect::<Vec<_>>().join(";"))
        }
        "d" => Some(value.split_whitespace().collect::<Vec<_>>().join(" ")),
        _ if ATTRIBUTES.contains(&attribute) => allowed_value(value, name),
        _ => None,
    }
}

/// A value whose references stay within the picture.
fn allowed_value(value: &str, name: &str) -> Option<String> {
    let inside = value.replace("url(#", &format!("url(#{name}-"));
    let references = value.matches("url(#").count();
    let lower = value.to_ascii_lowercase();
    // No other function: some, such as `image-set`, load files.
    const FUNCTIONS: [&str; 9] = [
        "url",
        "matrix",
        "translate",
        "scale",
        "rotate",
        "skewx",
        "skewy",
        "rgb",
        "rgba",
    ];
    let called = |before: &str| {
        FUNCTIONS.contains(&before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or(""))
    };
    let mut calls: Vec<&str> = lower.split('(').collect();
    calls.pop();
    let clean = !value.contains('\\') && lower.matches("url").count() == references && calls.into_iter().all(called);
    clean.then_some(inside)
}

fn is_colour(property: &str) -> bool {
    matches!(property, "fill" | "stroke")
}

/// `#1f2328` as `var(--c1f2328,#1f2328)`: the page's style sheet gives another colour for a dark page where one is needed.
fn themed(colour: &str) -> String {
    match colour.strip_prefix('#') {
        Some(digits) if digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit()) => {
            format!("var(--c{},{colour})", digits.to_ascii_lowercase())
        }
        _ => colour.to_owned(),
    }
}

fn attribute(out: &mut String, name: &str, value: &str) {
    put(out, format_args!("{name}=\"{}\"", escaped(value)));
}

fn put(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments).expect("a String takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(body: &str) -> String {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 10 20\">{body}</svg>"
        );
        inline(&svg, "p1", "a \"plot\"").unwrap()
    }

    #[test]
    fn drawing_stays_and_is_described() {
        let out = drawn("<g id=\"a\"><text style=\"fill: #1f2328\">x &lt; y</text></g><use xlink:href=\"#a\"/>");
        assert!(out.contains("aria-label=\"a &quot;plot&quot;\""), "{out}");
        assert!(out.contains("<text style=\"fill:var(--c1f2328,#1f2328)\">x &lt; y</text>"), "{out}");
        assert!(out.contains("<g id=\"p1-a\">") && out.contains("href=\"#p1-a\""), "{out}");
    }

    #[test]
    fn nothing_that_acts_or_reaches_out_stays() {
        for body in [
            "<script>alert(1)</script>",
            "<style>*{}</style>",
            "<a href=\"javascript:alert(1)\"><text>x</text></a>",
            "<path onload=\"alert(1)\" d=\"M 0 0\"/>",
            "<use xlink:href=\"https://example.org/x.svg#a\"/>",
            "<rect style=\"fill: url(https://example.org/x)\"/>",
            "<rect style=\"fill: \\75rl(https://example.org/x)\"/>",
            "<rect style=\"fill: image-set('https://example.org/x' 1x)\"/>",
            "<rect style=\"cursor: image-set('https://example.org/x' 1x)\"/>",
            "<rect fill=\"src('https://example.org/x')\"/>",
            "<rect style=\"background: example\"/>",
            "<foreignObject><body/></foreignObject>",
            "<image href=\"data:image/png;base64,\"/>",
        ] {
            let out = drawn(body);
            for word in [
                "script", "alert", "example", "<style>", "<a", "foreign", "<image", "onload",
            ] {
                assert!(!out.contains(word), "{body}: {out}");
            }
        }
    }

    #[test]
    fn what_is_no_picture_is_named() {
        for (text, says) in [
            ("no", "unknown token"),
            ("<html/>", "its root is `html`, not `svg`"),
            ("<svg/>", "it has no viewBox"),
            (
                "<svg viewBox='0 0 1 1'><g id='a'><use href='#b'/><use href='#b'/></g><g id='b'><use href='#a'/></g></svg>",
                "refers to what holds another",
            ),
        ] {
            let error = inline(text, "p", "").unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
