"""Words of common attributes, phrases that only sound like one, and words that never are."""

from __future__ import annotations

# Each line: words of one attribute; after "|" words of its absence, so that to dislike these is to care for it.
GROUPS = """
price cost cheap affordable inexpensive expense budget fee fees money frugal economical "low-cost" | expensive costly pricey overpriced dear
pay salary wage income earnings paid
speed fast quick rapid swift latency bandwidth | slow slowness sluggish
reliability reliable dependable dependability uptime stable stability robust | unreliable outage outages flaky
privacy private confidential confidentiality "personal data" "private data" "personal information" "my data" "user data" "users' data" | surveillance snooping leak leaks
candour candor candid honest honesty truth truthful truthfulness frank frankness sincerity transparent transparency openness | lie lies lying dishonest dishonesty deceive deceit deception mislead misleading sugarcoat
helpfulness helpful useful usefulness supportive
safety safe harmless harmlessness | danger dangerous harm harmful hazard unsafe risky
security secure | insecure
taste tasty delicious flavour flavor flavourful yummy | tasteless bland
health healthy nutrition nutritious wholesome | unhealthy
fairness fair equitable equity justice impartial impartiality | unfair unfairness injustice unjust bias
efficiency efficient productivity productive | inefficient inefficiency waste wasteful
freedom liberty autonomy | coercion
equality egalitarian | inequality unequal
excellence excellent achievement
wellbeing welfare happiness
quiet quietness calm silence | noisy noise loud
space spacious room roomy | cramped
comfort comfortable comfy cosy | uncomfortable discomfort
emissions emission environment environmental climate sustainability sustainable green ecological | pollution polluting
flexibility flexible | inflexible rigid
meaning meaningful purpose | meaningless
commute commuting
quality
convenience convenient ease easy simplicity simple | inconvenient hassle
accuracy accurate precise precision correct correctness | inaccurate
battery batteries
camera photos
weight lightness lightweight | heavy heaviness
design beauty beautiful looks stylish style | ugly
durability durable
tradition traditional
loyalty loyal
growth
kindness kind compassion compassionate | cruel cruelty
creativity creative originality original
location
"""

# To dislike one of these is to care for the attribute that it names: more of it is the worse.
BURDENS = frozenset(
    [
        "price",
        "cost",
        "expense",
        "fee",
        "bill",
        "pay-gap",
        "risk",
        "harm",
        "danger",
        "emission",
        "emissions",
        "pollution",
        "waste",
        "delay",
        "latency",
        "commute",
        "commuting",
        "weight",
        "noise",
        "queue",
        "tax",
        "surveillance",
    ]
)

# Phrases that contain the word of an attribute and do not speak about it, and what the grammar should see instead.
IDIOMS = (
    (r"at (?:all|any) costs?|at any price|whatever it takes|no matter what(?! (?:the|it|its)\b)|come what may|"
     r"whatever happens|come hell or high water|without exception|without compromise", "§always"),
    (r"no matter(?= (?:how|the|what|which|whether|if|my|our|your|its)(?!\w))", "regardless"),
    (r"(?:at|to) (?:the )?(?:\w+ )?(?:expense|cost|detriment) of", "§expenseof"),
    (r", (?:of course|in my (?:view|opinion|book)|to my mind|i (?:think|believe|feel|guess)|if you ask me|after all),", ""),
    (r"(?:fifty|50)[\s/-]?(?:fifty|50)", "equally"),
    (r"los(?:e|es|ing) (?:any |much |a wink of )?sleep(?: over| about)?", "worry about"),
    (r"better safe than sorry", "§bettersafe"),
    (r"honesty is the best policy", "§honestybest"),
    (r"health is wealth", "§healthwealth"),
    (r"(?:money|price|cost|expense) is no object|hang the (?:price|cost|expense)|money does(?:n't| not) matter", "§noobject"),
    (r"(?<![a-z] )to be (?:\w+ )?(?:honest|fair|frank|safe|sure|clear|candid)|in all honesty|(?:honestly|frankly)(?=,)|truth be told|"
     r"if (?:i|we) (?:had|have|must|were forced|am forced|are forced)(?: to)? (?:choose|pick|decide|rank them)|when (?:forced|pressed)(?: to choose)?|if forced to choose|"
     r"to tell (?:you )?the truth|fair enough|(?:a )?fair (?:bit|amount|share|few)|fairly|safe to say|just to be safe|"
     r"speed(?:s|ing)? up|at no cost|free of charge|in good taste|it pays to|pay attention|in the meantime|"
     r"feel free|free to|quick(?:ly)? question|be kind enough|be so kind(?: as)?(?: to)?|kindly|for good measure|"
     r"simply|quickly|in the interests? of time|easy[- ]going|of course|thank you(?: very much)?|many thanks|thanks(?: a lot)?|"
     r"please(?: be advised)?|dear (?:sir|madam|all|friend)s?|hi(?: there)?|hello|to be perfectly honest", ""),
)  # fmt: skip

# Never the mention of an attribute by their stem alone; the attribute's own name still is.
COMMON_WORDS = frozenset(
    [
        "equal",
        "equally",
        "even",
        "just",
        "fairly",
        "first",
        "last",
        "second",
        "third",
        "then",
        "than",
        "more",
        "most",
        "less",
        "least",
        "value",
        "care",
        "matter",
        "count",
        "weigh",
        "weights",
        "rank",
        "order",
        "priority",
        "important",
        "importance",
        "like",
        "love",
        "want",
        "need",
        "prefer",
        "rather",
        "mean",
        "means",
        "help",
        "keep",
        "keeps",
        "using",
        "used",
        "being",
        "good",
        "better",
        "best",
        "high",
        "higher",
        "highest",
        "low",
        "lower",
        "lowest",
        "much",
        "many",
        "very",
        "point",
        "points",
        "way",
        "thing",
        "things",
        "user",
        "users",
        "people",
        "person",
        "personal",
        "always",
        "never",
        "free",
        "kind",
        "life",
        "time",
        "use",
        "work",
        "make",
        "give",
        "take",
        "get",
        "their",
        "them",
        "itself",
        "well",
        "may",
        "can",
        "must",
        "should",
        "would",
        "will",
        "own",
        "other",
        "others",
        "one",
        "ones",
        "every",
        "without",
        "with",
        "from",
        "into",
        "about",
        "only",
    ]
)

# An attribute's good side, and the lack of it, said before its name.
GOOD_SIDE = frozenset(
    [
        "good",
        "great",
        "nice",
        "decent",
        "better",
        "best",
        "strong",
        "stronger",
        "high",
        "higher",
        "highest",
        "being",
        "be",
        "staying",
        "stay",
        "remain",
        "remaining",
        "maximum",
        "short",
        "shorter",
        "low",
        "lower",
        "lowest",
        "personal",
        "overall",
        "full",
        "solid",
        "proper",
        "excellent",
        "own",
        "data",
        "user",
        "users'",
        "guaranteed",
        "improved",
        "top",
    ]
)
BAD_SIDE = frozenset(
    [
        "weak",
        "weaker",
        "poor",
        "poorer",
        "bad",
        "worse",
        "terrible",
        "lacking",
        "insufficient",
        "no",
        "loss",
        "drop",
        "decline",
        "cut",
        "lack",
        "reduced",
    ]
)
LITTLE = frozenset(["low", "lower", "lowest"])
NOUN_AFTER = frozenset(
    [
        "food",
        "foods",
        "meal",
        "meals",
        "line",
        "lines",
        "connection",
        "one",
        "ones",
        "option",
        "options",
        "car",
        "cars",
        "answer",
        "answers",
        "service",
        "services",
        "product",
        "products",
        "life",
        "rating",
        "ratings",
        "score",
        "level",
        "levels",
        "standards",
        "standard",
        "concerns",
        "considerations",
        "side",
        "things",
        "phone",
        "job",
        "school",
        "provider",
        "treatment",
        "outcome",
        "outcomes",
        "price",
        "data",
        "work",
        "place",
    ]
)  # what an adjective may describe without saying more
