//! What do faults of one kind do alike, whatever they are called?

/// A fault of a `share` of the records on disks of a `node` or `domain`: how it chooses them, and what is wrong with its numbers.
macro_rules! strikes_a_share_of_disks {
    ($effect:path) => {
        fn members(&self, places: &$crate::places::Places<'_>) -> Result<Vec<$crate::faults::Member>, Vec<$crate::registry::Complaint>> {
            let effect = $effect($crate::disks::Mishap { share: self.share, choice: 0 });
            $crate::faults::target::owners_of_disks(&self.node, &self.domain, places, false, &effect)
        }

        fn course(
            &self,
            member: &$crate::faults::Member,
            lasts: Option<::sim_core::time::SimDuration>,
            luck: $crate::faults::Luck<'_>,
        ) -> Vec<$crate::faults::Span> {
            let effects = $crate::faults::target::chosen(member, luck);
            vec![$crate::faults::Span { from: ::sim_core::time::SimDuration::ZERO, until: lasts, effects }]
        }

        fn weakened(&self, strength: Share) -> Self {
            Self { share: strength.of(self.share), ..self.clone() }
        }

        fn check(&self, _timing: &$crate::faults::Timing) -> Vec<$crate::registry::Complaint> {
            let sentence = "nothing of it is no fault; write a share such as \"1%\"";
            let is_none = self.share == Share::NONE;
            is_none.then(|| $crate::registry::complaint("share", sentence)).into_iter().collect()
        }
    };
}

/// A fault that takes a [`part`](crate::faults) of the workers of a `node` or `domain`: whom it strikes, and what is wrong with its
/// numbers; whether the part must be written.
macro_rules! takes_workers {
    ($is_required:expr) => {
        fn members(&self, places: &$crate::places::Places<'_>) -> Result<Vec<$crate::faults::Member>, Vec<$crate::registry::Complaint>> {
            $crate::faults::target::members_of_services(&self.node, &self.domain, places, |service| {
                Ok($crate::environment::NodeEffect::WorkersLost(self.part().of("workers", service.workers)?))
            })
        }

        fn check(&self, _timing: &$crate::faults::Timing) -> Vec<$crate::registry::Complaint> {
            self.part().check("workers", $is_required)
        }
    };
}

pub(super) use {strikes_a_share_of_disks, takes_workers};
