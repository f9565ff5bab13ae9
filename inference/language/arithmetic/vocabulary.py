"""Who is who in a split, which verbs give, keep and get, and what can be counted."""

from __future__ import annotations

from inference.language.tokens import negations
from inference.language.tokens.negations import NOBODY, NOT, REFUSE, SHUN, WRONG
from inference.language.tokens.numbers import ONES, PARTS, TENS

words = negations.words
SELF, OTHER, BOTH = "self", "other", "both"
PARTS_OF = {**PARTS, "twelfth": 12, "twentieth": 20, "hundredth": 100, "eight": 8} | {"halves": 2}
MULTIPLES = {"twice": 2.0, "double": 2.0, "thrice": 3.0, "triple": 3.0, "treble": 3.0, "quadruple": 4.0}

FIRST = words("i me myself mine my us we ourselves our ours")
SECOND = words("you ya your yours yourself thou thee")
PROPOSER = words("self oneself proposer proposers allocator divider giver dictator sender donor")
THIRD = words(
    "them they him her he she hers his their theirs themselves others other responder responders decider deciders "
    "recipient recipients receiver receivers partner partners opponent opponents counterpart stranger strangers "
    "rival rivals fellow poor needy charity beneficiary counterparty somebody someone neighbour neighbor"
)
PEOPLE = words(
    "person party player side people guy fellow participant one parties players man woman human individual half "
    "team group member individuals persons participants"
)
KIN = words(
    "kids children friend friends neighbours neighbors family brother sister wife husband son daughter colleague "
    "colleagues mate mates cousin uncle aunt parents mother father guests workers staff homie buddy"
)
ALL_OF_THEM = words("each both everyone everybody either")
POSSESSIVE = words("mine yours theirs hers his ours")
OWNED = words("my your their his her our its")
REFLEXIVE = words("myself yourself oneself themselves himself herself ourselves self")
SHARES = words(
    "share portion part cut slice piece amount half take haul sum payoff payout payment portions own lot stake pile "
    "stack heap"
)

GIVE = words(
    "give gives giving offer offers offering propose proposes proposing hand hands handing pass passes passing send "
    "sends sending transfer transfers transferring leave leaves leaving allocate allocates allocating award awards "
    "awarding grant grants granting provide provides providing share shares sharing allot allots allotting part "
    "parts parting cede cedes ceding concede concedes conceding spare spares sparing donate donates donating "
    "surrender surrenders surrendering yield yields pay pays paying deliver assign assigns relinquish relinquishes "
    "forfeit contribute contributes contributing fork"
)
MOVE = words("slide slides sliding push pushes pushing shove shoves shoving toss tosses cough coughs shell stump chip")
PUT = words("put puts putting place places placing lay lays drop drops stack stacks set sets stow stash")
SPOTS = words("side sides pocket pockets hand hands plate pile stack bowl purse wallet account pouch lap corner")
INSIDE = words("in into on onto to inside")
KEEP = words(
    "keep keeps keeping take takes taking retain retains retaining reserve reserves reserving hold holds holding "
    "save saves saving claim claims claiming pocket pockets pocketing demand demands demanding request requests "
    "hang hangs holding withhold withholds grab grabs bag bags collect collects"
)
GET = words(
    "get gets getting receive receiving receives receiving has have having obtain obtains earn earns eat eats walk "
    "walks end ends make makes come comes want wants need needs deserve deserves own owns"
)
POORER, RICHER = words("worse poorer"), words("better richer")  # off than
REACH = words("go goes fall falls drop drops dip dips sink sinks slip slips stray strays rise rises")  # below, above
EXCEED = words("exceed exceeds surpass surpasses")
PARTICLES = words("away up out over off back on onto down along across home around with do go of forward")
HELPERS = words(
    "will shall should must would can could may might 'll 'd 'm 're 's 've am are is be been to always just only "
    "simply then do does gladly happily ought going gonna also still instead really each both all therefore now "
    "here agree agrees let letting"
)
DETERMINERS = words("the a an that this those these some your my our its every")
UNITS = {
    "cents": ("money", 0.01), "cent": ("money", 0.01), "c": ("money", 0.01), "p": ("money", 0.01),
    "pence": ("money", 0.01), "penny": ("money", 0.01), "pennies": ("money", 0.01), "dime": ("money", 0.1),
    "dimes": ("money", 0.1), "nickel": ("money", 0.05), "nickels": ("money", 0.05), "dollar": ("money", 1.0),
    "dollars": ("money", 1.0), "bucks": ("money", 1.0), "buck": ("money", 1.0), "euro": ("money", 1.0),
    "euros": ("money", 1.0), "pound": ("money", 1.0), "pounds": ("money", 1.0), "quid": ("money", 1.0),
    "usd": ("money", 1.0), "eur": ("money", 1.0), "gbp": ("money", 1.0),
    "¢": ("money", 0.01),
}  # fmt: skip
MONEY = words(
    "$ £ € ¥ ₹ ₽ kr chf sek nok dkk jpy yen inr rs rupees rupee pln zl czk cad aud usd eur gbp peso pesos rand"
)
UNITS |= dict.fromkeys(MONEY, ("money", 1.0))
THINGS = words(
    "unit units point points coin coins token tokens apple apples blanket blankets cookie cookies part parts share "
    "shares piece pieces slice slices chip chips credit credits ticket tickets portion portions dose doses sweet "
    "sweets candy candies biscuit biscuits loaf loaves card cards marble marbles orange oranges egg eggs bottle "
    "bottles note notes bill bills gram grams kilo kilos acre acres bag bags box boxes banana bananas item items "
    "thing things goods"
)
SPLIT = {"money"} | {one.removesuffix("s") for one in THINGS}
WHOLES = words(
    "pie cake pot total whole sum money cash amount lot prize winnings endowment stake stakes pool resource "
    "resources bounty loot jackpot proceeds fund funds budget wealth treasure inheritance pizza surplus profit "
    "profits kitty it this that bonus reward purse haul bread food water land"
)
ONES_AND_TENS = frozenset(ONES) | frozenset(TENS)

NEGATIONS = NOT | NOBODY | {"avoid"}
PLAINLY = NOT | words("avoid ever")  # before a verb: the rules on percentages know these
JUDGED = WRONG | words("unfair bad refuse")
SHUNNED = SHUN | REFUSE
STOPS = words(", . ; : ! ? ( ) and but or while then yet whereas –")
GOING_ON = words("- – to or plus minus except more less fewer higher lower than percent")
BEING = words("is are be 's was equals should must goes go going stays stay remains remain belongs belong")
ENDING = words("'s end ends land lands")
STAYING = words("stays stay remains remain staying")
HANDING = words("hand hands handing fork turn pass passes passing sign send sends sending")
LEADING_WHOLE = words("the a total pot pie sum of stake your my those these all exactly our every each")
ON_THE_TABLE = words("split share divide distribute us both hand stake allocate")
NO_NOUN = (
    STOPS
    | GIVE
    | KEEP
    | GET
    | REACH
    | EXCEED
    | PARTICLES
    | HELPERS
    | DETERMINERS
    | GOING_ON
    | BEING
    | WHOLES
    | FIRST
    | SECOND
    | THIRD
    | REFLEXIVE
    | ALL_OF_THEM
    | NEGATIONS
    | words(
        "out per as or so each apiece other more less fewer percent pct pc way ways times x fold split splits division "
        "ratio if when whenever unless until till because since which who whom whose what whatever where how though "
        "although even max maximum min minimum tops please altogether overall combined left rest remaining extra most "
        "least there today always first last too also both between among from with without for to at by in into "
        "against after before during under above below near about like versus vs half enough else either none nothing "
        "all everything any anything single whole cent than again better higher lower larger bigger smaller greater"
    )
)  # after a number these are not what is counted
BEFORE_RANGES = words("for at by than over above below under of to - – or between from with in")
