"""The vocabulary of the offline reader: which words mean the same, which are manners, which are empty."""

from __future__ import annotations

from inference.language.tokens.negations import NEVER
from inference.language.tokens.spelling import NEGATED

SPELLINGS = (  # first to last; phrases that are one idea, and spellings of one word
    (r"[’‘`´]", "'"),
    *NEGATED,
    (r"\bself[- ]interests?(ed|edly)?\b", "selfinterest"),
    (r"\bself[- ]?sacrific\w*\b|\bself[- ]?less\w*\b", "selfless"),
    (r"\bself[- ]?cent(er|re)d\w*\b", "selfish"),
    (r"\bwell[- ]?being\b", "wellbeing"),
    (r"\bwin[- ]win\b", "mutual"),
    (r"\blion'?s['-]?\s+share\b", "majority"),
    (r"\bnon[- ]zero\b", "nonzero"),
    (r"\bnear(ly)?[- ](?=equal|even|fair)", "near "),
    (r"\bone[- ]sided\b", "onesided"),
    (
        r"\bthe (other|others|other (party|person|side|player|people|parties|participants?)|decider|responder)'?s?\b",
        "others",
    ),
    (r"\bother (party|person|side|player|people|parties|participants?|players?|individuals?)'?s?\b", "others"),
    (r"\b(each|every) other\b", "eachother"),
    (r"\b(others|other)'s?(?=\s|$)", "others"),
    (r"\bboth (parties|sides|people|players|participants|yourself and others|oneself and others)\b", "both"),
    (r"\ball (parties|sides|people|players|participants|involved)( involved)?\b", "everyone"),
    (r"\ball but one\b|\ball except one\b", "allbutone"),
    (r"\b(at least|no less than)\b", "atleast"),
    (r"\b(at most|no more than)\b", "atmost"),
    (r"\b(rather than|instead of)\b", "ratherthan"),
    (r"\b(as much as possible|as many as possible)\b", "maximum"),
    (r"\b(as little as possible|as few as possible)\b", "minimum"),
)
NORMAL = {  # normal word: the stems that mean it, `$` where the whole word must match
    "SELF": (
        "oneself$ yourself$ myself$ self$ own$ my$ me$ mine$ i$ personal$ personally$ proposer your$ you$ "
        "selfinterest individual$ egois ego$ ourselves$"
    ),
    "selfish": "selfish greed stingy stingi miser avaric unkind ungenero scrooge skinflint cheapskate egotis",
    "OTHER": (
        "others$ other$ decider responder recipient them$ their$ they$ partner$ people$ people's$ someone$ another$"
    ),
    "BOTH": "both$ everyone everybody eachother all$ mutual reciproc collective common$ group$ community society",
    "fair": "fair fairly fairness just$ justice",
    "unfair": "unfair unjust",
    "equal": "equal equit egalitarian even$ evenly half$ halves$ balanced$ impartial evenhanded proportion symmetr",
    "unequal": "unequal inequal inequit uneven imbalance disproportion onesided lopsided skew dispar",
    "balance": "balance$ balancing$ harmon compromise middle$ moderat",
    "altruist": "altruis selfless generos generous charit sacrific giving$ unselfish kind$ benevolen "
    "kindness$ saint$ saintly$ angel$ philanthrop magnanim",
    "prioritize": "prioriti favor favour focus emphas emphasi value$ valuing$ valu place$ put$ cater",
    "maximum": (
        "maximi maximum$ maximal most$ highest$ largest$ greatest$ best$ entire whole majority bulk vast optim "
        "all-encompassing"
    ),
    "minimum": (
        "minim least$ lowest$ smallest$ small$ little$ tiny$ negligible$ modest token$ fraction$ meager smaller$ slim"
    ),
    "more": "more$ greater$ higher$ larger$ above$ over$ bigger$ exceed outweigh increas advantage",
    "less": "less$ lower$ fewer$ below$ under$ lesser$ decreas reduc",
    "some": "some$ any$ nonzero$ positive$",
    "none": "nothing$ none$ zero$ no$ without$ lack absence",
    "not": f"{' '.join(f'{word}$' for word in sorted(NEVER))} avoid",
    "gain": (
        "gain benefit profit advantage$ reward payoff interest wellbeing welfare need satisf happiness outcome "
        "comfort desir prefer"
    ),
    "share": (
        "share portion part$ split divi distribut alloc resourc proposal offer$ offers$ amount unit sum$ money "
        "dollar apple blanket pie$ medicine blood formula subscription good$ goods$ item object"
    ),
    "propose": "propose$ proposes$ proposing$ offering$ suggest making$ make$ give$ gives$ provid giver",
    "accept": "accept agree$ agreeing$ tolerat acquiesc",
    "reject": "reject declin refus den$ deny$ denying$ resist",
    "ensure": "ensur maintain maintaining retain keep kept preserv secur guarantee hold$",
    "extreme": (
        "extreme extremely highly$ high$ signific strong substan heav great$ drastic severe utmost absolut "
        "complet entirely always$ strict"
    ),
    "slight": "slight near$ nearly$ almost$ close$ approximate rough reasonab accepta adequat",
    "regardless": "regardless irrespective despite even-if no-matter matter$",
    "cooperate": "cooperat collaborat agreement consensus trust",
    "consider": "consider mindful account$ aware acknowledg",
    "reduce": "disregard neglect ignor indifferen",
    "manipulate": "exploit manipulat strateg adapt",
}
MANNERS = (  # stems of words about the way of speaking; insults among them, so that they are passed over
    "polite courte respect humbl humility humilit grat apprecia thank apolog admir compliment flatter praise "
    "deferen sycophan kiss rude aggress demean insult belittl condescend arrogan disdain contempt derog profan "
    "hostil mock scorn superior harsh vulgar abus offens ridicul sarcas dismissive language tone demeanor "
    "demeanour attitude manner express langu word$ words$ speech speak communicat degrad humiliat idiot fool "
    "stupid moron damn dear kindly please sir$ madam friend wonderful brilliant unworth disrespect assertive "
    "assertively polit graci obsequ servil submissi facade display disgust anger angry threat bluntly blunt "
    "politely crude warm warmth cordial sincere honor honour esteemed magnificent bastard shit fuck asshole hell$ "
    "crap loser pathetic pitiful filth scum dominan imbecile ungrateful eloquen convey verbal dismissiv "
    "self-deprecat deprecat aggressi intimidat gracious greet smile listen$ worthless"
)
MANNER_COMPANY = (  # a clause of these and of manners says nothing about who gets what
    "OTHER SELF accept consistent demand demanding ensure extreme maintain maximum more prioritize propose share slight"
)
EMPTY = (  # words without a part in who gets what
    "a an the of in to for by with be is are was were being been it its this that these those while when whenever "
    "as and or but yet at on into from towards toward if then so even also such each can may will would should "
    "must do does did any use using used make making act acting try always only ever interactions interaction "
    "situations situation all every strong extreme extremely highly very high"
)
