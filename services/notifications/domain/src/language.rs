//! The languages people are written to in.

/// A language of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// 简体中文, the default.
    ZhCn,
    /// English.
    En,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::ZhCn, Self::En];

    /// By its tag; what is not English is Chinese.
    #[must_use]
    pub fn from_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("en") { Self::En } else { Self::ZhCn }
    }

    /// Its tag, and the name of its folder of templates.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn what_is_not_english_is_chinese() {
        for (tag, language) in [
            ("en", Language::En),
            ("en-GB", Language::En),
            ("zh-CN", Language::ZhCn),
            ("", Language::ZhCn),
            ("ent", Language::ZhCn),
        ] {
            assert_eq!(Language::from_tag(tag), language, "{tag}");
        }
    }
}
