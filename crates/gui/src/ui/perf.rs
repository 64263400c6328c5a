//! How long frames take.

use std::time::Duration;

/// How long frames take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Perf {
    /// Frames drawn.
    pub frames: u64,
    /// Processor time of the last complete frame, drivers and all, ms: what this thread used from the beginning of that
    /// frame to the beginning of the next.
    pub last_ms: f64,
    /// Sum of these, ms.
    pub sum_ms: f64,
    /// Longest so far, ms.
    pub worst_ms: f64,
    /// Processor time of the viewer's own part of the last frame, ms.
    pub own_ms: f64,
    /// Sum of these, ms.
    pub own_sum_ms: f64,
    /// Longest so far, ms.
    pub own_worst_ms: f64,
    /// Processor time when the last frame began.
    mark: Option<Duration>,
    /// From start to the end of the first frame, ms.
    pub first_frame_ms: Option<f64>,
    /// From start to the first figure on the screen, ms.
    pub first_plot_ms: Option<f64>,
}

impl Perf {
    /// Mean processor time of frames, and of the viewer's own part of them, ms.
    pub fn means_ms(&self) -> (f64, f64) {
        (self.sum_ms / self.frames.saturating_sub(1).max(1) as f64, self.own_sum_ms / self.frames.max(1) as f64)
    }

    /// Counts frames from here on.
    pub fn restart(&mut self) {
        *self = Self { first_frame_ms: self.first_frame_ms, first_plot_ms: self.first_plot_ms, ..Self::default() };
    }

    pub(super) fn begins(&mut self, now: Duration) {
        if let Some(before) = self.mark.replace(now) {
            self.last_ms = now.saturating_sub(before).as_secs_f64() * 1e3;
            self.sum_ms += self.last_ms;
            self.worst_ms = self.worst_ms.max(self.last_ms);
        }
        self.frames += 1;
    }

    pub(super) fn ends(&mut self, now: Duration) {
        self.own_ms = now.saturating_sub(self.mark.unwrap_or(now)).as_secs_f64() * 1e3;
        self.own_sum_ms += self.own_ms;
        self.own_worst_ms = self.own_worst_ms.max(self.own_ms);
    }
}

impl std::fmt::Display for Perf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mean, own_mean) = self.means_ms();
        write!(
            f,
            "CPU {:.1} ms (mean {mean:.1}, worst {:.1}), own {:.1} (mean {own_mean:.1}, worst {:.1}) · {} frames · \
             first frame {:.0} ms, plot {:.0} ms",
            self.last_ms,
            self.worst_ms,
            self.own_ms,
            self.own_worst_ms,
            self.frames,
            self.first_frame_ms.unwrap_or(0.0),
            self.first_plot_ms.unwrap_or(0.0)
        )
    }
}
