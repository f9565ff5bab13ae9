"""Turns of phrase by which people say the opposite of what they mean; what they say then is not taken at its word."""

from __future__ import annotations

import re

IRONY = re.compile(
    r"\byeah,?\s+(?:right|sure)\b|\bdream\s+on\b|\bin\s+your\s+dreams\b|\bfat\s+chance\b|\bwhen\s+pigs\s+fly\b|"
    r"(?:^|[.!?]\s+)as\s+if\b|(?:^|[.!?]\s+)like\s+(?:i|we)(?:'d|'ll|\s+would|\s+will)\b|"
    r"\boh,?\s+(?:yes|sure|great|joy|wonderful|brilliant|lovely)\b|\bsure,\s+(?:because|who|why|like)\b|"
    r"\b(?:great|brilliant|wonderful|lovely|genius|marvellous)\s+(?:idea|plan|thinking)\b|\bwho\s+needs\b|"
    r"\bbecause\s+(?:that|this|it)\s+(?:always|never|so|totally|obviously|really|surely|works|went|ends)\b|"
    r"\bwhat\s+could\s+(?:possibly\s+)?go\s+wrong\b|\b(?:just|simply)\s+(?:love|adore)\s+\w+ing\b|"
    r",\s*why\s+don't\s+(?:you|we|i)\b|\bso{3,}\b|\bhow\s+(?:very\s+)?(?:kind|generous|thoughtful)\s+of\b|\bslow\s+clap\b|"
    r"\s/s\b|\bgive\s+me\s+a\s+break\b|\bbig\s+surprise\b|\bnot!"
)
