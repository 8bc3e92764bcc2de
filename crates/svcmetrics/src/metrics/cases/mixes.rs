//! What cases are made up of: by channel, by issue type, by access point.

use crate::metric::Metric;
use crate::metrics::columns::{ACCESS_POINT, CHANNEL, ISSUE_TYPE};

pub(super) fn metrics() -> [Metric; 3] {
    [
        Metric::mix("case_channel_share", "Cases by channel", "case_channel", "cases_with_channel", CHANNEL)
            .reading(
                "How the load is spread over phone, chat, mail and whatever else customers use, as parts of 1. It shows \
                 where to put people and whether customers follow to the channels that they are meant to take. As one \
                 channel can only gain what others lose, look at their numbers of cases to tell who grew and who shrank.",
            )
            .edge_case("A channel is what the export writes, to the letter: Phone and phone are two.")
            .edge_case("Where a case moves from chat to a call, only the channel that its row keeps is seen."),
        Metric::mix("case_issue_type_share", "Cases by issue type", "case_issue_type", "cases_with_issue_type", ISSUE_TYPE)
            .reading(
                "What customers need help with, each subject as its part of 1: questions of use, errors, installation, \
                 whatever the types are. It ranks what training, documentation or the product itself should take away \
                 first; how dear a type is besides stands in `case_cost_mean` by that key.",
            )
            .edge_case("Types are as good as the habit of choosing them: a large part named other says that they do not fit.")
            .edge_case("When the list of types is changed, old and new ones stand side by side in any period that has both."),
        Metric::mix("case_access_point_share", "Cases by access point", "case_access_point", "cases_with_access_point", ACCESS_POINT)
            .reading(
                "Through which door customers come to support first, such as the portal, the product or a reseller, each \
                 as its part of 1. Those doors that few use are hidden, or not worth keeping open; a busy one deserves \
                 the best answers, so that visits end there and feed `case_deflection_rate`.",
            )
            .edge_case("Visits that never became a row are not known here, however many a door had.")
            .edge_case("A customer that tries two doors for one problem counts twice if each opened a case of its own."),
    ]
}
