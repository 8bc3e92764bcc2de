//! The model: which metrics make up health, with which weights, bands and gates.

use super::metrics::{A_BAND, BEFORE_BANDS};
use super::{Among, Band, Component, Gate, MissingPolicy};
use crate::column::Name;
use crate::condition::Condition;
use crate::error::{Error, Result, shown};
use crate::measure::Measure;
use crate::metric::{Form, Metric};
use crate::metrics::{self, REVENUE_END};
use crate::own::MetricDefinition;
use rust_decimal::Decimal;
use std::fmt;

pub(super) const ARTICLE: &str = "ServiceXRG, Eight metrics, 7";

/// So many bands are too many: a row's is kept in one byte, of which one says that the row has none.
pub(crate) const TOO_MANY_BANDS: usize = u8::MAX as usize;

/// A health model: a weighted composite of metrics on a scale from 0 to 100.
///
/// ```
/// use svcmetrics::{Component, HealthModel};
/// let model = HealthModel::new([
///     Component::new("adoption_rate", 2),
///     Component::new("net_revenue_retention", 1).scaled(0.8, 1.2),
/// ])?;
/// assert_eq!(model.components().len(), 2);
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: a weight that is none
///
/// ```
/// use svcmetrics::{Component, HealthModel};
/// let error = HealthModel::new([Component::new("adoption_rate", 0)]).unwrap_err();
/// assert!(error.to_string().contains("components.adoption_rate.weight"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HealthModel {
    pub(crate) components: Vec<Component>,
    pub(crate) bands: Vec<Band>,
    pub(crate) gates: Vec<Gate>,
    pub(crate) missing: MissingPolicy,
    pub(crate) min_coverage: Decimal,
    pub(crate) among: Among,
    /// Definitions of metrics of the user's own, which components and gates may name.
    pub(crate) own: Vec<MetricDefinition>,
}

impl HealthModel {
    /// A model of these components, with the default bands, no gates, renormalizing, at least half of the weight present.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] that names the field.
    pub fn new(components: impl IntoIterator<Item = Component>) -> Result<Self> {
        let model = Self { components: components.into_iter().collect(), ..Self::standard() };
        model.validate().map(|()| model)
    }

    /// The default model: adoption, plan realization, commitment to renew and net revenue retention, equally weighted.
    pub fn standard() -> Self {
        let equal = |metric: &'static str| Component::new(metric, 1);
        let band = |name: &'static str, from: i64| Band { name: name.into(), from: Decimal::from(from) };
        Self {
            components: ["adoption_rate", "plan_realization", "renewal_commitment_rate", "net_revenue_retention"]
                .map(equal)
                .into(),
            bands: vec![band("red", 0), band("yellow", 50), band("green", 75)],
            gates: Vec::new(),
            missing: MissingPolicy::default(),
            min_coverage: Decimal::new(5, 1),
            among: Among::default(),
            own: Vec::new(),
        }
    }

    /// The default model for a table without columns of plan goals: success rate instead of plan realization.
    pub fn standard_without_plan() -> Self {
        let mut model = Self::standard();
        model.components[1].metric = "success_rate".into();
        model
    }

    /// With other bands: names and the first score of each, lowest first, from 0. There are fewer than 255.
    ///
    /// # Errors
    /// [`Error::InvalidModel`], as with all of these.
    pub fn bands(mut self, bands: impl IntoIterator<Item = (impl Into<Name>, impl Into<Decimal>)>) -> Result<Self> {
        self.bands = bands.into_iter().map(|(name, from)| Band { name: name.into(), from: from.into() }).collect();
        self.validate().map(|()| self)
    }

    /// With a gate.
    ///
    /// # Errors
    /// [`Error::InvalidModel`].
    pub fn gate(mut self, metric: impl Into<Name>, below: f64, cap: impl Into<Name>) -> Result<Self> {
        self.gates.push(Gate { metric: metric.into(), below, cap: cap.into() });
        self.validate().map(|()| self)
    }

    /// With a metric of one's own, which components and gates may name and which the model takes along wherever it goes.
    ///
    /// ```
    /// use svcmetrics::{Component, HealthModel, MetricDefinition};
    /// let definition = MetricDefinition::new("cases_per_license").numerator(["cases"]).denominator(["licenses_sold"]);
    /// let model = HealthModel::new([Component::new("cases_per_license", 1).scaled(0.5, 0.0)])?.define(definition)?;
    /// assert_eq!(model.components()[0].metric(), "cases_per_license");
    /// # #[cfg(feature = "serde")]
    /// assert_eq!(HealthModel::from_toml(&model.to_toml()?)?, model);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidDefinition`] where it contradicts itself or its id is taken.
    pub fn define(mut self, definition: MetricDefinition) -> Result<Self> {
        self.own.push(definition);
        self.validate().map(|()| self)
    }

    /// With another policy for missing components.
    pub fn missing(mut self, missing: MissingPolicy) -> Self {
        self.missing = missing;
        self
    }

    /// With another least share of the weight that must be present, from 0 to 1.
    ///
    /// # Errors
    /// [`Error::InvalidModel`].
    pub fn min_coverage(mut self, share: impl Into<Decimal>) -> Result<Self> {
        self.min_coverage = share.into();
        self.validate().map(|()| self)
    }

    /// For other customers.
    pub fn among(mut self, among: Among) -> Self {
        self.among = among;
        self
    }

    /// Its components, in order.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// Its bands, lowest first.
    pub fn all_bands(&self) -> &[Band] {
        &self.bands
    }

    /// Its gates.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// What becomes of missing components.
    pub fn missing_policy(&self) -> MissingPolicy {
        self.missing
    }

    /// The least share of the weight that must be present.
    pub fn least_coverage(&self) -> Decimal {
        self.min_coverage
    }

    /// The definitions of metrics of one's own that it takes along.
    pub fn definitions(&self) -> &[MetricDefinition] {
        &self.own
    }

    /// Which customers it is about.
    pub fn population(&self) -> &Among {
        &self.among
    }

    /// A name that two models share only if they are equal but for whom they are about: readable for the default model, a
    /// fingerprint for others.
    pub fn id(&self) -> String {
        let like = |model: Self| Self { among: self.among.clone(), ..model } == *self;
        if like(Self::standard()) {
            return "standard/plan_realization".to_owned();
        }
        if like(Self::standard_without_plan()) {
            return "standard/success_rate".to_owned();
        }
        // FNV-1a, since std's hashes may change between releases.
        let hash = self
            .to_string()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("custom/{hash:016x}")
    }

    /// The metrics that are read, components first, each once.
    pub(crate) fn reads(&self) -> Vec<&Name> {
        let mut ids: Vec<&Name> = self.components.iter().map(|component| &component.metric).collect();
        for gate in &self.gates {
            if !ids.contains(&&gate.metric) {
                ids.push(&gate.metric);
            }
        }
        ids
    }

    /// The metrics of its own definitions.
    pub(crate) fn own_metrics(&self) -> Result<Vec<Metric>> {
        self.own.iter().map(MetricDefinition::metric).collect()
    }

    /// The same model for a table with these columns: whom it is about made explicit.
    pub(crate) fn resolved(mut self, has: impl Fn(&str) -> bool) -> Self {
        if self.among == Among::Paying {
            self.among =
                if has(&REVENUE_END.name) { Among::Where(Condition::positive(REVENUE_END)) } else { Among::Everyone };
        }
        self
    }

    pub(crate) fn validate(&self) -> Result<()> {
        self.validate_components()?;
        self.validate_bands()?;
        for (position, gate) in self.gates.iter().enumerate() {
            if !gate.below.is_finite() {
                return invalid(format!("gates[{position}].below"), gate.below.to_string(), "a finite number");
            }
            if !self.bands.iter().any(|band| band.name == gate.cap) {
                let names: Vec<_> = self.bands.iter().map(|band| band.name.as_ref()).collect();
                return invalid(format!("gates[{position}].cap"), &gate.cap, &format!("one of {}", names.join(", ")));
            }
        }
        if self.min_coverage < Decimal::ZERO || self.min_coverage > Decimal::ONE || self.min_coverage.scale() > 18 {
            return invalid("min_coverage".into(), self.min_coverage.to_string(), "a number from 0 to 1");
        }
        if let Among::Where(condition) = &self.among
            && let Some(column) = condition.columns().into_iter().find(|column| column.kind.is_computed())
        {
            return invalid("among".into(), &column.name, "columns of the table");
        }
        let own = self.metrics();
        let of_health = |id: &str| own.iter().any(|metric| metric.id == id);
        for (position, metric) in self.own_metrics()?.iter().enumerate() {
            let twice = self.own[..position].iter().any(|earlier| earlier.id() == metric.id());
            if twice || of_health(metric.id()) {
                return Err(metric.taken());
            }
        }
        if let Some(component) = self.components.iter().find(|component| of_health(&component.metric)) {
            return invalid(format!("components.{}", component.metric), "health itself", "another metric");
        }
        if let Some(position) = self.gates.iter().position(|gate| of_health(&gate.metric)) {
            return invalid(
                format!("gates[{position}].metric"),
                format!("{}, health itself", self.gates[position].metric),
                "another metric",
            );
        }
        if let Some(metric) = own
            .iter()
            .skip(BEFORE_BANDS)
            .find(|own| metrics::find(&own.id).is_some_and(|built_in| built_in.article() != ARTICLE))
        {
            return invalid("bands".into(), format!("'{}', which another metric is called", metric.id), "other names");
        }
        self.validate_ids(&own)
    }

    /// Each band's metrics and totals are called by its name: no two may be called the same.
    fn validate_ids(&self, own: &[Metric]) -> Result<()> {
        let (mut metrics, mut measures): (Vec<&Metric>, Vec<&Measure>) = (Vec::new(), Vec::new());
        let last = own.len() - 1;
        for position in (0..BEFORE_BANDS).chain([last]).chain(BEFORE_BANDS..last) {
            let metric = &own[position];
            let mut twice = metrics.iter().find(|earlier| earlier.id == metric.id).map(|metric| metric.id());
            metrics.push(metric);
            for measure in metric.forms().iter().flat_map(Form::measures) {
                twice = twice.or(measures.iter().find(|m| m.id == measure.id && *m != &measure).map(|m| m.id()));
                measures.push(measure);
            }
            if let (Some(id), Some(band)) = (twice, self.bands.get(position.saturating_sub(BEFORE_BANDS) / A_BAND)) {
                let found = format!("'{id}', which another metric or total of the model is called");
                return invalid(format!("bands.{}", band.name), found, "another name");
            }
        }
        Ok(())
    }

    fn validate_components(&self) -> Result<()> {
        if self.components.is_empty() {
            return invalid("components".into(), "none", "at least one metric with its weight");
        }
        for (position, component) in self.components.iter().enumerate() {
            let field = |name: &str| format!("components.{}{name}", component.metric);
            if self.components[..position].iter().any(|earlier| earlier.metric == component.metric) {
                return invalid(field(""), "the metric twice", "each metric once");
            }
            if component.weight <= Decimal::ZERO {
                return invalid(field(".weight"), component.weight.to_string(), "a number above 0");
            }
            if !component.floor.is_finite()
                || !component.ceiling.is_finite()
                || !(component.ceiling - component.floor).is_finite()
            {
                return invalid(
                    field(".floor"),
                    format!("{} to {}", component.floor, component.ceiling),
                    "finite floor and ceiling",
                );
            }
            #[allow(clippy::float_cmp)] // equal is equal: it is divided by
            if component.floor == component.ceiling {
                return invalid(
                    field(".ceiling"),
                    format!("{} for both", component.floor),
                    "a ceiling other than the floor",
                );
            }
        }
        if self.whole_weights().is_none() {
            return invalid(
                "components".into(),
                "weights",
                "weights that add up to less than 2^53 when made whole by a power of ten",
            );
        }
        Ok(())
    }

    fn validate_bands(&self) -> Result<()> {
        for (position, band) in self.bands.iter().enumerate() {
            let field = format!("bands.{}", band.name);
            let plain = band.name.starts_with(|c: char| c.is_ascii_lowercase())
                && band.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !plain || band.name == "unknown" {
                return invalid(field, &band.name, "a name of lower-case letters, digits and '_' other than 'unknown'");
            }
            if self.bands[..position].iter().any(|earlier| earlier.name == band.name) {
                return invalid(field, "the band twice", "each band once");
            }
            let low = if position == 0 { Decimal::ZERO } else { self.bands[position - 1].from };
            let fits = if position == 0 { band.from == low } else { band.from > low };
            if !fits || band.from > Decimal::ONE_HUNDRED || band.from.normalize().scale() > crate::money::PLACES {
                return invalid(
                    field,
                    band.from.to_string(),
                    "thresholds that rise from exactly 0 up to 100, with at most six decimal places",
                );
            }
        }
        match self.bands.len() {
            0 => invalid("bands".into(), "none", "at least one band, from 0"),
            many @ TOO_MANY_BANDS.. => invalid("bands".into(), many.to_string(), "fewer than 255 bands"),
            _ => Ok(()),
        }
    }

    /// The weights, all times the smallest power of ten that makes them whole; nothing if they are too large.
    pub(crate) fn whole_weights(&self) -> Option<Vec<i64>> {
        let places = self.components.iter().map(|component| component.weight.normalize().scale()).max()?;
        let power = 10_i128.checked_pow(places)?;
        let whole = |component: &Component| {
            let weight = component.weight.normalize();
            let scaled = weight.mantissa().checked_mul(power / 10_i128.checked_pow(weight.scale())?)?;
            i64::try_from(scaled).ok()
        };
        let weights: Vec<i64> = self.components.iter().map(whole).collect::<Option<_>>()?;
        let total = weights.iter().try_fold(0_i64, |sum, weight| sum.checked_add(*weight))?;
        (total < 1 << 53).then_some(weights)
    }
}

impl Default for HealthModel {
    fn default() -> Self {
        Self::standard()
    }
}

fn invalid(field: String, found: impl AsRef<str>, expected: &str) -> Result<()> {
    Err(Error::InvalidModel { field, found: shown(found.as_ref()), expected: expected.to_owned() })
}

/// The whole model in one line.
impl fmt::Display for HealthModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, component) in self.components.iter().enumerate() {
            let joint = if position > 0 { " + " } else { "" };
            write!(
                f,
                "{joint}{} x {} [{}, {}]",
                component.weight.normalize(),
                component.metric,
                component.floor,
                component.ceiling
            )?;
        }
        for band in &self.bands {
            write!(f, "; {} from {}", band.name, band.from.normalize())?;
        }
        for gate in &self.gates {
            write!(f, "; at most {} where {} < {}", gate.cap, gate.metric, gate.below)?;
        }
        write!(f, "; missing: {}; at least {} present", self.missing.name(), self.min_coverage.normalize())?;
        match &self.among {
            Among::Paying => Ok(()),
            Among::Everyone => write!(f, "; among all"),
            Among::Where(condition) => write!(f, "; among {condition}"),
        }?;
        self.own.iter().try_for_each(|own| write!(f, "; {own}"))
    }
}
