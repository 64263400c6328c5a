//! What actions do to the workspace: each part knows its own and hands the rest on.

mod figure;
mod files;
mod table;
mod views;

use std::ops::ControlFlow;

pub(super) use files::{drop_files, tidy_files};

use super::State;
use super::action::Action;
use super::effect::Effect;

/// What an action asks for, or the action back from a part that does not know it.
type Reduced = ControlFlow<Vec<Effect>, Action>;

impl State {
    /// Changes the state; says what is to be done.
    pub(super) fn reduce(&mut self, action: Action) -> Vec<Effect> {
        let parts = [Self::reduce_files, Self::reduce_views, Self::reduce_figure, Self::reduce_table];
        let mut action = action;
        for part in parts {
            match part(self, action) {
                ControlFlow::Break(effects) => return effects,
                ControlFlow::Continue(other) => action = other,
            }
        }
        self.report(action)
    }
}
