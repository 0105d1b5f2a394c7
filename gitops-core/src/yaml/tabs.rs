//! Tabs where go-yaml wants blanks: before the first word of a line outside quotes, brackets and
//! block scalars. YAML 1.2 overlooks some of them (on empty lines, before the first key), kubectl and
//! kustomize do not.

/// The lines of a text that begin with a tab, or with blanks and a tab.
#[derive(Debug, Default)]
pub(super) struct Tabs {
    /// Offset and column of the tab, in order.
    found: Vec<(usize, usize)>,
    next: usize,
    /// Columns of the open block collections; `None` for others.
    open: Vec<Option<usize>>,
    /// Open lists in brackets and mappings in braces.
    flow: usize,
    /// Where a plain scalar and the blank lines behind it end, and the column that tabs in them need.
    plain: Option<(usize, usize)>,
}

impl Tabs {
    /// The lines of `text` to watch; usually none.
    pub(super) fn new(text: &str) -> Self {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find('\t')) {
            let tab = from + at;
            let before = text.get(..tab).unwrap_or_default();
            let column = before.len() - before.trim_end_matches(' ').len();
            if tab == column || before.as_bytes().get(tab - column - 1) == Some(&b'\n') {
                found.push((tab, column));
            }
            // One for each line.
            let rest = text.get(tab..).unwrap_or_default();
            from = tab + rest.find('\n').unwrap_or(rest.len());
        }
        Self { found, ..Self::default() }
    }

    /// Whether no line is left to watch.
    pub(super) fn done(&self) -> bool {
        self.next >= self.found.len()
    }

    /// A block list or mapping begins at `start` in `column`.
    pub(super) fn block(&mut self, start: usize, column: usize) -> Result<(), usize> {
        self.open.push(Some(column));
        self.between(start)
    }

    /// A list in brackets or mapping in braces begins.
    pub(super) fn flow(&mut self, start: usize) -> Result<(), usize> {
        self.between(start)?;
        self.open.push(None);
        self.flow += 1;
        Ok(())
    }

    /// The innermost list or mapping ends at `end`.
    pub(super) fn close(&mut self, end: usize) {
        if self.open.pop() == Some(None) {
            self.flow = self.flow.saturating_sub(1);
            if self.flow == 0 {
                self.skip(end);
            }
        }
    }

    /// A scalar from `start` to `end` in which tabs may stand, or an alias.
    pub(super) fn quoted(&mut self, start: usize, end: usize) -> Result<(), usize> {
        self.between(start)?;
        self.skip(end);
        Ok(())
    }

    /// A plain scalar from `start` to `end` of `text`.
    pub(super) fn plain(&mut self, text: &str, start: usize, end: usize) -> Result<(), usize> {
        self.between(start)?;
        let column = self.open.last().copied().flatten().map_or(0, |column| column + 1);
        let rest = text.get(end..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        self.plain = Some((end + blank, column));
        Ok(())
    }

    /// What stands before `until` and was not claimed; the error is the offset of a forbidden tab.
    pub(super) fn between(&mut self, until: usize) -> Result<(), usize> {
        if self.flow > 0 {
            return Ok(());
        }
        while let Some(&(tab, column)) = self.found.get(self.next)
            && tab < until
        {
            let in_plain = self.plain.is_some_and(|(end, needed)| tab < end && column >= needed);
            if !in_plain {
                return Err(tab);
            }
            self.next += 1;
        }
        Ok(())
    }

    fn skip(&mut self, until: usize) {
        while self.found.get(self.next).is_some_and(|(tab, _)| *tab < until) {
            self.next += 1;
        }
    }
}
