"""What is said to a person on stderr holds no seed, whoever put it there.

jetshare passes no secret to an error. But the words that an error quotes are the user's,
and a key may have been pasted in the place of a name, or with a character too few.
"""

from __future__ import annotations

import re
from typing import Final

# By its look alone, not by its checksum: a seed with one wrong character is nearly one.
# From the start of a word, for such letters may well follow one another in a public key.
_SEED: Final = re.compile(r"(?<![A-Z2-7])(?:(S[OAUNCX])[A-Z2-7]{48,}|(P)[A-Z2-7]{100,})")


def hide_seeds(text: str) -> str:
    """``text`` with all but the first letters taken out of what looks like a secret key."""
    return _SEED.sub(lambda match: f"{match[1] or match[2]}…(a secret key)", text)
