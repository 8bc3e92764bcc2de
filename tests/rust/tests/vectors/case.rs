//! The vectors' format, as `tests/vectors/README.md` describes it. Unknown fields are refused, missing ones too.

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) topic: String,
    pub(super) cases: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Case {
    Table(TableCase),
    Formula(FormulaCase),
    Health(HealthCase),
    Frame(FrameCase),
    Relation(RelationCase),
    Ledger(LedgerCase),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Options {
    pub(super) absent_revenue: Option<String>,
    pub(super) on_invalid: Option<String>,
    pub(super) money: Option<String>,
    pub(super) scale: Option<u32>,
    pub(super) nan: Option<String>,
    pub(super) unique: Option<bool>,
    pub(super) csat_satisfied_from: Option<Value>,
    /// The answers for the hardest and the easiest.
    pub(super) effort_scale: Option<[Value; 2]>,
    #[serde(default)]
    pub(super) quantiles: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LedgerCase {
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) columns: Map<String, Value>,
    #[serde(default)]
    pub(super) options: LedgerOptions,
    pub(super) movements: Option<Movements>,
    pub(super) retention: Option<Movements>,
    pub(super) expect: Option<Vec<Map<String, Value>>>,
    #[serde(default)]
    pub(super) reasons: std::collections::BTreeMap<String, Vec<ReasonRow>>,
    pub(super) error: Option<Wrong>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LedgerOptions {
    pub(super) by: Vec<String>,
    pub(super) gaps: Option<String>,
    pub(super) opening: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Movements {
    pub(super) every: Option<String>,
    pub(super) by: Vec<String>,
    pub(super) unit: Option<String>,
    pub(super) fiscal_start: Option<u8>,
}

/// What a row is.
#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    #[default]
    Customers,
    Cases,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableCase {
    pub(super) name: String,
    pub(super) origin: String,
    #[serde(default)]
    pub(super) subject: Subject,
    pub(super) columns: Map<String, Value>,
    #[serde(default)]
    pub(super) by: Vec<String>,
    #[serde(default)]
    pub(super) bins: std::collections::BTreeMap<String, KeyBins>,
    pub(super) period: Option<String>,
    pub(super) metrics: Option<Vec<String>>,
    #[serde(default)]
    pub(super) define: Vec<Value>,
    #[serde(default)]
    pub(super) options: Options,
    pub(super) rollup: Option<Vec<String>>,
    pub(super) expect: Option<Vec<Group>>,
    #[serde(default)]
    pub(super) reasons: std::collections::BTreeMap<String, Vec<ReasonRow>>,
    #[serde(default)]
    pub(super) mixes: std::collections::BTreeMap<String, Vec<MixRow>>,
    #[serde(default)]
    pub(super) not_measured: Vec<String>,
    pub(super) error: Option<Wrong>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) key: Vec<Value>,
    pub(super) rows: Option<i64>,
    pub(super) metrics: Map<String, Value>,
    #[serde(default)]
    pub(super) counts: std::collections::BTreeMap<String, Counts>,
}

/// All are given, null where there is nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonRow {
    pub(super) key: Vec<Value>,
    #[serde(deserialize_with = "given")]
    pub(super) reason: Value,
    pub(super) amount: String,
    pub(super) customers: i64,
    pub(super) share: Value,
    #[serde(deserialize_with = "given")]
    pub(super) avoidable: Option<String>,
}

/// A key that stands for the numbers of a column by bins.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyBins {
    pub(super) column: String,
    pub(super) edges: Vec<Value>,
    pub(super) labels: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MixRow {
    pub(super) key: Vec<Value>,
    pub(super) value: Value,
    pub(super) cases: i64,
    pub(super) share: Value,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct Counts {
    pub(super) counted: i64,
    pub(super) missing: i64,
    pub(super) invalid: i64,
    pub(super) outside: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wrong {
    pub(super) kind: String,
    pub(super) column: Option<String>,
    pub(super) row: Option<u64>,
    pub(super) count: Option<u64>,
    #[serde(default)]
    pub(super) contains: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormulaCase {
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) formula: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) expect: Option<Value>,
    pub(super) error: Option<Wrong>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HealthCase {
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) columns: Map<String, Value>,
    #[serde(default)]
    pub(super) options: Options,
    pub(super) model: Option<Value>,
    pub(super) expect: Vec<Customer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrameCase {
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) columns: Map<String, Value>,
    #[serde(default)]
    pub(super) by: Vec<String>,
    pub(super) period: Option<String>,
    pub(super) metrics: Option<Vec<String>>,
    #[serde(default)]
    pub(super) options: Options,
    pub(super) rollup: Option<Vec<String>>,
    pub(super) frame: WhichFrame,
    pub(super) expect: Option<Vec<Map<String, Value>>>,
    pub(super) error: Option<Wrong>,
}

/// A frame made of a scorecard, with what it is made for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum WhichFrame {
    /// Targets as JSON.
    Against(Value),
    /// Ids of metrics, or all.
    Trend(Option<Vec<String>>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RelationCase {
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) columns: Map<String, Value>,
    #[serde(default)]
    pub(super) by: Vec<String>,
    #[serde(default)]
    pub(super) options: Options,
    pub(super) x: String,
    pub(super) y: String,
    pub(super) quantiles: Option<u32>,
    pub(super) level: Option<f64>,
    pub(super) expect: Option<Vec<Map<String, Value>>>,
    pub(super) lift: Option<Vec<Map<String, Value>>>,
    pub(super) error: Option<Wrong>,
}

/// All four are given, null where there is nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Customer {
    #[serde(deserialize_with = "given")]
    pub(super) score: Option<String>,
    #[serde(deserialize_with = "given")]
    pub(super) band: Option<String>,
    #[serde(deserialize_with = "given")]
    pub(super) coverage: Option<f64>,
    pub(super) points: std::collections::BTreeMap<String, Option<String>>,
}

/// What must stand there, if only as null.
fn given<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(deserializer)
}
