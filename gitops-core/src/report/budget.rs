//! Fits sections of text into a number of bytes: the most important first, nothing cut in half, and
//! what was left out is said.

use std::collections::BTreeMap;

/// Room kept for the note on what was left out.
const NOTE: usize = 320;

/// Something that is shown whole, in a shorter way, or not at all.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The text, the fullest first.
    pub(super) variants: Vec<String>,
}

impl Item {
    /// An item without a shorter form.
    pub(super) fn new(text: String) -> Self {
        Self { variants: vec![text] }
    }
}

/// Items under one head.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// What gives way last has the lowest.
    pub(super) priority: u8,
    /// What the items are, for the note: `new findings`.
    pub(super) what: String,
    /// Before the items.
    pub(super) head: String,
    /// The items in order; where not all fit, the first are kept.
    pub(super) items: Vec<Item>,
    /// After the items, also those left out.
    pub(super) foot: String,
}

impl Section {
    /// An empty section.
    pub(super) fn new(priority: u8, what: &str) -> Self {
        Self { priority, what: what.into(), head: String::new(), items: Vec::new(), foot: String::new() }
    }

    /// The section behind a title (HTML) that unfolds it.
    pub(super) fn folded(mut self, title: &str) -> Self {
        self.head = format!("\n<details><summary>{title}</summary>\n\n{}", self.head);
        self.foot = format!("{}\n</details>\n", self.foot);
        self
    }
}

/// The sections as one text of at most `budget` bytes.
pub(super) fn assemble(sections: Vec<Section>, budget: usize) -> String {
    let full = |section: &Section| {
        let items = section.items.iter().filter_map(|item| item.variants.first());
        section.head.len() + section.foot.len() + items.map(String::len).sum::<usize>()
    };
    if sections.iter().map(full).sum::<usize>() <= budget {
        return sections
            .iter()
            .map(|section| written(section, &vec![Some(0); section.items.len()]))
            .collect();
    }
    // The note has its room from the start, unless there is hardly any.
    let mut room = if budget > 2 * NOTE { budget - NOTE } else { budget };
    let mut order: Vec<usize> = (0..sections.len()).collect();
    order.sort_by_key(|at| sections.get(*at).map(|section| section.priority));
    let mut chosen: Vec<Vec<Option<usize>>> = sections.iter().map(|s| vec![None; s.items.len()]).collect();
    for at in order {
        if let (Some(section), Some(chosen)) = (sections.get(at), chosen.get_mut(at)) {
            choose(section, chosen, &mut room);
        }
    }
    let mut left_out: BTreeMap<(u8, &str), usize> = BTreeMap::new();
    let mut out = String::new();
    for (section, chosen) in sections.iter().zip(&chosen) {
        let missing = chosen.iter().filter(|choice| choice.is_none()).count();
        if missing > 0 {
            *left_out.entry((section.priority, &section.what)).or_default() += missing;
        }
        out.push_str(&written(section, chosen));
    }
    let note = note(&left_out, budget);
    if out.len() + note.len() <= budget {
        out.push_str(&note);
    }
    out
}

/// Takes what fits; once an item does not, the later ones are left out too, so that what is shown has
/// no gaps.
fn choose(section: &Section, chosen: &mut [Option<usize>], room: &mut usize) {
    let frame = section.head.len() + section.foot.len();
    let mut left = match room.checked_sub(frame) {
        Some(left) => left,
        None => return,
    };
    let mut any = section.items.is_empty();
    for (item, choice) in section.items.iter().zip(chosen.iter_mut()) {
        let fitting = item.variants.iter().position(|text| text.len() <= left);
        let Some(variant) = fitting else { break };
        left -= item.variants.get(variant).map_or(0, String::len);
        *choice = Some(variant);
        any = true;
    }
    if any {
        *room = left;
    }
}

fn written(section: &Section, chosen: &[Option<usize>]) -> String {
    if !section.items.is_empty() && chosen.iter().all(Option::is_none) {
        return String::new();
    }
    let mut out = section.head.clone();
    for (item, choice) in section.items.iter().zip(chosen) {
        if let Some(text) = choice.and_then(|variant| item.variants.get(variant)) {
            out.push_str(text);
        }
    }
    out.push_str(&section.foot);
    out
}

fn note(left_out: &BTreeMap<(u8, &str), usize>, budget: usize) -> String {
    if left_out.is_empty() {
        return format!("\n> Some entries are shortened to stay within {budget} bytes.\n");
    }
    let parts: Vec<String> = left_out.iter().map(|((_, what), count)| format!("{what} ({count})")).collect();
    let mut text = format!("\n> Left out to stay within {budget} bytes: {}.\n", parts.join(", "));
    if text.len() > NOTE {
        let total: usize = left_out.values().sum();
        text = format!("\n> Left out to stay within {budget} bytes: {total} entries.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(priority: u8, what: &str, items: &[&str]) -> Section {
        let items = items.iter().map(|text| Item::new((*text).to_owned())).collect();
        Section { head: format!("[{what}:"), foot: "]".into(), items, ..Section::new(priority, what) }
    }

    #[test]
    fn the_least_important_gives_way_first() {
        let long = "x".repeat(700);
        let sections = || vec![section(2, "small talk", &[&long, "b"]), section(1, "news", &["n1", "n2"])];
        assert_eq!(assemble(sections(), 5_000), format!("[small talk:{long}b][news:n1n2]"));
        assert_eq!(
            assemble(sections(), 700),
            "[news:n1n2]\n> Left out to stay within 700 bytes: small talk (2).\n"
        );
        assert_eq!(assemble(sections(), 10), "[news:n1]");
        assert_eq!(assemble(sections(), 3), "");
    }

    #[test]
    fn an_item_is_shortened_before_it_is_left_out() {
        let item = Item { variants: vec!["long ".repeat(300), "short".into()] };
        let section = Section { items: vec![item], ..Section::new(0, "things") };
        assert_eq!(
            assemble(vec![section], 700),
            "short\n> Some entries are shortened to stay within 700 bytes.\n"
        );
    }
}
