//! What a policy is compiled to: blocks of steps over numbered slots.
//!
//! A block is run from its first step to its last, which yields a solution. A step that fails ends the
//! attempt; a step that has several answers runs the rest of the block once for each. Which variable is
//! bound where is known when the block is made, so that nothing is searched for, and nothing undone, when
//! it is run.

use regorus::Value;

use super::functions::Builtin;

/// The place of a value in the frame of a rule.
pub(super) type Slot = usize;

/// Steps that end in [`Step::Yield`].
pub(super) type Block = Box<[Step]>;

/// What a step works on.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Const(Value),
    Slot(Slot),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is computed of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    /// Of numbers, or of sets.
    Subtract,
    Multiply,
    Divide,
    Remainder,
    /// `&`.
    Intersection,
    /// `|`.
    Union,
}

/// What the solutions of a block are put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collection {
    Array,
    Set,
    Object,
}

/// One step. Where `to` is named, the result is put there; a step without a result fails.
#[derive(Debug)]
pub(super) enum Step {
    /// A constant path of `input`.
    Input {
        path: usize,
        to: Slot,
    },
    /// `data.inventory`.
    Inventory {
        to: Slot,
    },
    /// The value of a rule.
    Rule {
        rule: usize,
        to: Slot,
    },
    /// A function that the policy defines.
    Call {
        rule: usize,
        args: Box<[Operand]>,
        to: Slot,
    },
    /// A function of the language; what it may nest is weighed.
    Builtin {
        function: Builtin,
        args: Box<[Operand]>,
        weighed: bool,
        to: Slot,
    },
    /// An element, a field or a member.
    Get {
        from: Operand,
        key: Operand,
        to: Slot,
    },
    /// The rest of the block for each element.
    Each {
        from: Operand,
        key: Option<Slot>,
        value: Slot,
    },
    /// A comparison as a value.
    Compare {
        how: Comparison,
        left: Operand,
        right: Operand,
        to: Slot,
    },
    /// A comparison that must hold.
    Check {
        how: Comparison,
        left: Operand,
        right: Operand,
    },
    Compute {
        what: Operation,
        left: Operand,
        right: Operand,
        to: Slot,
    },
    /// `key, value in of` as a value.
    Member {
        key: Option<Operand>,
        value: Operand,
        of: Operand,
        to: Slot,
    },
    /// Anything but `false`.
    Holds(Operand),
    /// An array of this length.
    IsArray {
        value: Operand,
        len: usize,
    },
    /// An object of this many fields.
    IsObject {
        value: Operand,
        len: usize,
    },
    /// An array or a set of these.
    Make {
        what: Collection,
        items: Box<[Operand]>,
        to: Slot,
    },
    /// An object of these.
    MakeObject {
        pairs: Box<[(Operand, Operand)]>,
        to: Slot,
    },
    /// A comprehension.
    Collect {
        what: Collection,
        block: Block,
        to: Slot,
    },
    /// Holds where the block has no solution.
    Not(Block),
    /// Holds where the block has a solution for each element.
    Every {
        of: Operand,
        key: Option<Slot>,
        value: Slot,
        block: Block,
    },
    /// A solution.
    Yield {
        key: Option<Operand>,
        value: Operand,
    },
}

/// A body of a rule, with the bodies behind its `else`.
#[derive(Debug)]
pub(super) struct Definition {
    /// Each tried only if those before it have no solution. Arguments are in the first slots.
    pub(super) blocks: Vec<Block>,
    /// How many slots its blocks use.
    pub(super) slots: usize,
}

/// What a rule defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One value; with arguments, one for each choice of them.
    Value,
    Set,
    Object,
}

/// A rule with all its definitions.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) shape: Shape,
    /// How many arguments it takes; `None` if it is no function.
    pub(super) arity: Option<usize>,
    pub(super) definitions: Vec<Definition>,
    /// What it is where no definition has a solution.
    pub(super) default: Option<Definition>,
}

/// A constant path of `input`: a field of another one. The first is `input` itself.
#[derive(Debug)]
pub(super) struct InputPath {
    pub(super) parent: usize,
    pub(super) key: Value,
}
