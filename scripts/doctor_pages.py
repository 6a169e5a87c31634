"""Write docs/doctor anew: a page for each of the doctor's rules, and their list.

With --mutations also the table of mutated shares, which takes a real server and a minute.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from jetshare.cli.doctor_pages import index_page, page
from jetshare.sharing.rules.book import RULES

ROOT = Path(__file__).resolve().parents[1]

PAGES = ROOT / "docs" / "doctor"


def write_rules() -> None:
    for old in PAGES.glob("JS*.md"):
        old.unlink()
    for rule in RULES:
        (PAGES / f"{rule.code}.md").write_text(page(rule), encoding="utf-8")
    (PAGES / "README.md").write_text(index_page(RULES), encoding="utf-8")


async def write_mutations() -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    from support.mutating import mutating, table
    from support.mutations import mutations

    with tempfile.TemporaryDirectory() as folder:
        async with mutating(Path(folder)) as bench:
            outcomes = await bench.run(mutations())
            page_text = table(outcomes, bench.server.version)
    (PAGES / "mutations.md").write_text(page_text, encoding="utf-8")


if __name__ == "__main__":
    PAGES.mkdir(parents=True, exist_ok=True)
    write_rules()
    if "--mutations" in sys.argv[1:]:
        asyncio.run(write_mutations())
