//! A plan as people read it: counts, dangers, then the steps in order.

use std::fmt::{self, Display, Formatter, Write};

use super::model::{Action, Plan, Severity, Step, UndoKind};
use super::options::Order;
use crate::drift::{FieldDrift, FieldStatus};

/// Values longer than this are cut.
const MAX_VALUE: usize = 80;
/// Fields of a step beyond this number are only counted.
const MAX_FIELDS: usize = 20;

/// Counts first, then dangers, then steps in order under their phase and wave or stage. Objects that do not
/// change are only counted.
impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (counts, tool) = (&self.summary, tool(self.order));
        writeln!(
            f,
            "Plan as {tool}: {} to create, {} to configure, {} to replace, {} to prune, {} blocked ({} unchanged, {} skipped)",
            counts.create,
            counts.configure,
            counts.replace,
            counts.prune,
            counts.blocked,
            counts.unchanged,
            counts.skip
        )?;
        if !self.dangers.is_empty() {
            writeln!(f, "\nDangers")?;
        }
        for danger in &self.dangers {
            let severity = if danger.severity == Severity::High { "high  " } else { "medium" };
            let object = danger.id.as_ref().map_or_else(|| "the whole plan".into(), ToString::to_string);
            writeln!(f, "  {severity}  {}  {object}: {}", danger.code, danger.message)?;
        }
        for problem in &self.problems {
            writeln!(f, "\nProblem  {}  {problem}", problem.code)?;
        }
        let mut heading = String::new();
        for step in self.steps.iter().filter(|step| step.action != Action::Unchanged) {
            let next = heading_of(step);
            if next != heading {
                writeln!(f, "\n{next}")?;
                heading = next;
            }
            write_step(f, step)?;
        }
        if !self.gone.is_empty() {
            writeln!(f, "\nAlready gone: {}", self.gone.len())?;
        }
        if !self.undoes.is_empty() {
            writeln!(f, "\nTakes back")?;
        }
        for undo in &self.undoes {
            match undo.kind {
                UndoKind::Addition => writeln!(f, "  the addition of {}", undo.id)?,
                UndoKind::Removal => writeln!(f, "  the removal of {}", undo.id)?,
                UndoKind::Change => writeln!(f, "  the change of {}: {}", undo.id, undo.paths.join(", "))?,
            }
        }
        Ok(())
    }
}

fn tool(order: Order) -> &'static str {
    match order {
        Order::ArgoCd => "Argo CD",
        Order::Flux => "Flux",
        Order::CliUtils => "cli-utils",
    }
}

fn heading_of(step: &Step) -> String {
    match (step.phase, step.wave, step.stage) {
        (Some(phase), Some(wave), _) => format!("{phase}, wave {wave}"),
        (_, _, Some(stage)) => format!("Stage {stage}"),
        _ if step.action == Action::Skip => "Not part of it".into(),
        _ => "Steps".into(),
    }
}

fn write_step(f: &mut Formatter<'_>, step: &Step) -> fmt::Result {
    let sign = match step.action {
        Action::Create => '+',
        Action::Configure => '~',
        Action::Replace => '±',
        Action::Prune => '-',
        Action::Unchanged => '=',
        Action::Skip => '.',
        Action::Blocked => '!',
    };
    write!(f, "  {sign} {:<9}  {}: {}", step.action.name(), step.id, step.reason.message)?;
    if !step.hook_delete_policies.is_empty() {
        write!(f, " ({})", step.hook_delete_policies.join(", "))?;
    }
    writeln!(f)?;
    for danger in &step.dangers {
        writeln!(f, "      danger {}: {}", danger.code, danger.message)?;
    }
    for id in &step.after {
        writeln!(f, "      after {id}")?;
    }
    for field in step.fields.iter().take(MAX_FIELDS) {
        writeln!(f, "      {}", field_text(field))?;
    }
    match step.fields.len().checked_sub(MAX_FIELDS) {
        Some(more) if more > 0 => writeln!(f, "      and {more} more"),
        _ => Ok(()),
    }
}

fn field_text(field: &FieldDrift) -> String {
    let value = |value: &Option<serde_json::Value>| value.as_ref().map_or_else(|| "nothing".into(), short);
    match field.status {
        FieldStatus::Missing => format!("{}: + {}", field.path, value(&field.desired)),
        FieldStatus::Extra => format!("{}: - {}", field.path, value(&field.live)),
        FieldStatus::Changed => {
            format!("{}: {} -> {}", field.path, value(&field.live), value(&field.desired))
        }
        FieldStatus::Reordered => format!("{}: in another order", field.path),
    }
}

fn short(value: &serde_json::Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= MAX_VALUE {
        return text;
    }
    let mut cut: String = text.chars().take(MAX_VALUE).collect();
    let _ = write!(cut, "…");
    cut
}
