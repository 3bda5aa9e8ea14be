//! Configuration of payment providers from the environment.

use std::{env, ffi::OsString, fmt, sync::Arc};

use baitech::{
    kernel::SystemClock,
    payment::PaymentGateway,
    providers::{
        ConfigError,
        mpesa::{Mpesa, MpesaConfig},
        stripe::{Stripe, StripeConfig},
    },
};

/// A field of a provider's configuration, and the variable that it comes from.
type Source = (&'static str, &'static str);

/// M-Pesa is enabled if one of these is set.
const MPESA: [Source; 6] = [
    ("consumerKey", "MPESA_CONSUMER_KEY"),
    ("consumerSecret", "MPESA_CONSUMER_SECRET"),
    ("shortCode", "MPESA_SHORTCODE"),
    ("passkey", "MPESA_PASSKEY"),
    ("initiator", "MPESA_INITIATOR_NAME"),
    ("securityCredential", "MPESA_SECURITY_CREDENTIAL"),
];
const MPESA_BESIDES: [Source; 5] = [
    ("baseUrl", "MPESA_ENVIRONMENT"),
    ("till", "MPESA_TILL"),
    ("payoutShortCode", "MPESA_PAYOUT_SHORTCODE"),
    ("webhookToken", "MPESA_WEBHOOK_TOKEN"),
    ("callbackBase", "PUBLIC_BASE_URL"),
];
/// Stripe is enabled if one of these is set.
const STRIPE: [Source; 3] = [
    ("secretKey", "STRIPE_SECRET_KEY"),
    ("webhookSecrets", "STRIPE_WEBHOOK_SECRET"),
    ("webhookToken", "STRIPE_WEBHOOK_TOKEN"),
];
const STRIPE_BESIDES: [Source; 1] = [("baseUrl", "STRIPE_BASE_URL")];

/// All errors of the environment: each variable and what is wrong with it, never its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistakes(Vec<(&'static str, String)>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the environment is invalid:")?;
        self.0.iter().try_for_each(|(variable, message)| write!(f, "\n  {variable}: {message}"))
    }
}

impl std::error::Error for Mistakes {}

/// The providers of which any variable is set. A partial configuration is an error.
///
/// # Errors
/// [`Mistakes`], all of them.
pub(super) fn gateways() -> Result<Vec<Arc<dyn PaymentGateway>>, Mistakes> {
    gateways_of(env::var_os)
}

fn gateways_of(
    variable: impl Fn(&'static str) -> Option<OsString>,
) -> Result<Vec<Arc<dyn PaymentGateway>>, Mistakes> {
    let mut environment = Environment { variable: &variable, mistakes: Vec::new() };
    let mut gateways: Vec<Arc<dyn PaymentGateway>> = Vec::new();
    if let Some(config) = environment.mpesa() {
        let mpesa = Mpesa::new(config, Arc::new(SystemClock));
        gateways.extend(environment.noted(mpesa, &[&MPESA, &MPESA_BESIDES]).map(into_gateway));
    }
    if let Some(config) = environment.stripe() {
        let stripe = Stripe::new(config);
        gateways.extend(environment.noted(stripe, &[&STRIPE, &STRIPE_BESIDES]).map(into_gateway));
    }
    if environment.mistakes.is_empty() { Ok(gateways) } else { Err(Mistakes(environment.mistakes)) }
}

fn into_gateway<G: PaymentGateway + 'static>(gateway: G) -> Arc<dyn PaymentGateway> {
    Arc::new(gateway)
}

struct Environment<'a> {
    variable: &'a dyn Fn(&'static str) -> Option<OsString>,
    mistakes: Vec<(&'static str, String)>,
}

impl Environment<'_> {
    fn mpesa(&mut self) -> Option<MpesaConfig> {
        if !self.has_any(&MPESA) {
            return None;
        }
        let base_url = match self.read("MPESA_ENVIRONMENT").as_str() {
            "" | "sandbox" => MpesaConfig::SANDBOX.to_owned(),
            "production" => MpesaConfig::PRODUCTION.to_owned(),
            url if url.starts_with("http") => url.to_owned(),
            _ => {
                let message = "must be sandbox, production or a URL";
                self.mistakes.push(("MPESA_ENVIRONMENT", message.to_owned()));
                MpesaConfig::SANDBOX.to_owned()
            }
        };
        Some(MpesaConfig {
            consumer_key: self.read("MPESA_CONSUMER_KEY").into(),
            consumer_secret: self.read("MPESA_CONSUMER_SECRET").into(),
            short_code: self.read("MPESA_SHORTCODE"),
            passkey: self.read("MPESA_PASSKEY").into(),
            initiator: self.read("MPESA_INITIATOR_NAME"),
            security_credential: self.read("MPESA_SECURITY_CREDENTIAL").into(),
            till: self.read_optional("MPESA_TILL"),
            payout_short_code: self.read_optional("MPESA_PAYOUT_SHORTCODE"),
            webhook_token: self.read_optional("MPESA_WEBHOOK_TOKEN").map(Into::into),
            callback_base: self.read("PUBLIC_BASE_URL"),
            ..MpesaConfig::at(base_url)
        })
    }

    fn stripe(&mut self) -> Option<StripeConfig> {
        if !self.has_any(&STRIPE) {
            return None;
        }
        let defaults = StripeConfig::default();
        let secrets = self.read("STRIPE_WEBHOOK_SECRET");
        let secrets = secrets.split(',').map(str::trim).filter(|secret| !secret.is_empty());
        Some(StripeConfig {
            base_url: self.read_optional("STRIPE_BASE_URL").unwrap_or(defaults.base_url),
            secret_key: self.read("STRIPE_SECRET_KEY").into(),
            webhook_secrets: secrets.map(Into::into).collect(),
            webhook_token: self.read("STRIPE_WEBHOOK_TOKEN").into(),
            ..StripeConfig::default()
        })
    }

    fn has_any(&self, sources: &[Source]) -> bool {
        sources.iter().any(|(_, name)| (self.variable)(name).is_some_and(|value| !value.is_empty()))
    }

    /// The trimmed value of a variable; empty if it is not set.
    fn read(&mut self, name: &'static str) -> String {
        match (self.variable)(name).unwrap_or_default().into_string() {
            Ok(text) => text.trim().to_owned(),
            Err(_) => {
                self.mistakes.push((name, "must be valid Unicode".to_owned()));
                String::new()
            }
        }
    }

    fn read_optional(&mut self, name: &'static str) -> Option<String> {
        Some(self.read(name)).filter(|text| !text.is_empty())
    }

    /// The provider; its errors are recorded under the names of their variables.
    fn noted<G>(&mut self, made: Result<G, ConfigError>, sources: &[&[Source]]) -> Option<G> {
        let violations = match made {
            Ok(gateway) => return Some(gateway),
            Err(ConfigError::Invalid(violations)) => violations,
            Err(other) => {
                self.mistakes.push(("TLS", other.to_string()));
                return None;
            }
        };
        for violation in violations.iter() {
            let known = sources.iter().copied().flatten().find(|(field, _)| *field == violation.field);
            let name = known.map_or("configuration", |(_, name)| *name);
            if !self.mistakes.iter().any(|(known, _)| *known == name) {
                self.mistakes.push((name, violation.message.to_string()));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use baitech::transaction::PaymentMethod;

    use super::*;

    const COMPLETE: [(&str, &str); 10] = [
        ("MPESA_CONSUMER_KEY", "key-hush"),
        ("MPESA_CONSUMER_SECRET", "secret-hush"),
        ("MPESA_SHORTCODE", "174379"),
        ("MPESA_PASSKEY", "passkey-hush"),
        ("MPESA_INITIATOR_NAME", "operator"),
        ("MPESA_SECURITY_CREDENTIAL", "credential-hush"),
        ("PUBLIC_BASE_URL", "https://pay.example.com"),
        ("STRIPE_SECRET_KEY", "sk_test_hush"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_hush"),
        ("STRIPE_WEBHOOK_TOKEN", "0123456789abcdef"),
    ];

    fn read(changes: &[(&'static str, &str)]) -> Result<Vec<PaymentMethod>, Vec<&'static str>> {
        let mut variables = BTreeMap::from(COMPLETE);
        variables.extend(changes.iter().copied());
        from(&variables)
    }

    fn from(variables: &BTreeMap<&str, &str>) -> Result<Vec<PaymentMethod>, Vec<&'static str>> {
        match gateways_of(|name| variables.get(name).map(|value| OsString::from(*value))) {
            Ok(gateways) => Ok(gateways.iter().map(|gateway| gateway.method()).collect()),
            Err(mistakes) => {
                let shown = format!("{mistakes} {mistakes:?}");
                assert!(!shown.contains("hush"), "{shown}");
                Err(mistakes.0.iter().map(|(name, _)| *name).collect())
            }
        }
    }

    #[test]
    fn provider_is_enabled_only_if_it_is_configured() {
        assert_eq!(read(&[]), Ok(vec![PaymentMethod::Mpesa, PaymentMethod::Stripe]));
        assert_eq!(from(&BTreeMap::new()), Ok(Vec::new()));
        let besides =
            BTreeMap::from([("PUBLIC_BASE_URL", "https://a.example"), ("MPESA_ENVIRONMENT", "sandbox")]);
        assert_eq!(from(&besides), Ok(Vec::new()), "these variables alone enable no provider");
        let blank = STRIPE.map(|(_, name)| (name, ""));
        assert_eq!(read(&blank), Ok(vec![PaymentMethod::Mpesa]));
        let blank = MPESA.map(|(_, name)| (name, ""));
        assert_eq!(read(&blank), Ok(vec![PaymentMethod::Stripe]));
    }

    #[test]
    fn partial_provider_configuration_is_an_error() {
        for (missing, _) in COMPLETE {
            assert_eq!(read(&[(missing, " ")]), Err(vec![missing]));
        }
    }

    #[test]
    fn all_configuration_errors_are_reported_together() {
        let wrong = [
            ("MPESA_SHORTCODE", "17x"),
            ("MPESA_ENVIRONMENT", "hush"),
            ("MPESA_PASSKEY", ""),
            ("MPESA_WEBHOOK_TOKEN", "hush"),
            ("PUBLIC_BASE_URL", "https://mpesa.example.com"),
            ("STRIPE_WEBHOOK_SECRET", " , "),
            ("STRIPE_SECRET_KEY", "sk hush"),
            ("STRIPE_BASE_URL", "ftp://hush"),
        ];
        let mut messages = read(&wrong).unwrap_err();
        let mut expected = wrong.map(|(name, _)| name);
        messages.sort_unstable();
        expected.sort_unstable();
        assert_eq!(messages, expected);
    }

    #[test]
    fn optional_variables_are_read() {
        for (name, value) in [
            ("MPESA_ENVIRONMENT", "production"),
            ("MPESA_ENVIRONMENT", "http://127.0.0.1:8080"),
            ("MPESA_TILL", "600999"),
            ("MPESA_PAYOUT_SHORTCODE", "600998"),
            ("MPESA_WEBHOOK_TOKEN", "deposits0123456789"),
            ("STRIPE_WEBHOOK_SECRET", "whsec_old, whsec_new"),
            ("STRIPE_BASE_URL", "http://127.0.0.1:8080"),
        ] {
            assert!(read(&[(name, value)]).is_ok(), "{name}");
        }
        assert_eq!(read(&[("MPESA_TILL", "x")]), Err(vec!["MPESA_TILL"]));
    }

    #[cfg(unix)]
    #[test]
    fn variable_that_is_not_unicode_is_an_error() {
        use std::os::unix::ffi::OsStringExt;
        let variables = BTreeMap::from(COMPLETE);
        let bytes = |name| {
            if name == "STRIPE_SECRET_KEY" {
                return Some(OsString::from_vec(vec![0xff, b'x']));
            }
            variables.get(name).map(OsString::from)
        };
        let mistakes = gateways_of(bytes).unwrap_err();
        assert_eq!(mistakes.0, [("STRIPE_SECRET_KEY", "must be valid Unicode".to_owned())]);
    }
}
