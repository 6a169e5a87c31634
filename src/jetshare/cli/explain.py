"""``jetshare explain``"""

from __future__ import annotations

import click

from jetshare.cli.doctor_pages import index_page, page
from jetshare.cli.output import columns, emit_json
from jetshare.errors import InputError
from jetshare.sharing.rules.book import RULES, rule_of
from jetshare.sharing.rules.rule import Rule

EPILOG = """\b
Example:
  jetshare explain JS101
"""


@click.command("explain", epilog=EPILOG)
@click.argument("code", required=False)
@click.option("--markdown", is_flag=True, help="As the page of the documentation.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(code: str | None, markdown: bool, as_json: bool) -> int:
    """Tell the whole story of one of the doctor's rules, or list them all."""
    if code is None:
        _list(markdown=markdown, as_json=as_json)
        return 0
    rule = rule_of(code)
    if rule is None:
        raise InputError(f'there is no rule "{code}"', hint="jetshare explain lists all of them")
    if as_json:
        emit_json(_to_json(rule))
    elif markdown:
        click.echo(page(rule), nl=False)
    else:
        _tell(rule)
    return 0


def _list(*, markdown: bool, as_json: bool) -> None:
    if as_json:
        emit_json({"rules": [_to_json(rule) for rule in RULES]})
    elif markdown:
        click.echo(index_page(RULES), nl=False)
    else:
        for line in columns([(rule.code, str(rule.severity), rule.title) for rule in RULES]):
            click.echo(line)


def _tell(rule: Rule) -> None:
    click.echo(f"{rule.code}  {rule.title}  ({rule.severity})")
    _paragraph("What you see", rule.symptom)
    _paragraph("Why", rule.cause)
    if rule.remedy:
        _paragraph("What to do", rule.remedy)
    for title, lines in (("Cure", rule.cure), ("Cure with nsc", rule.nsc)):
        if lines:
            click.echo(f"\n{title}  (jetshare doctor fills the names in)")
            for line in lines:
                click.echo(f"  {line}")
    _paragraph("How it was shown", rule.shown or "It was not made to happen on a server.")
    _paragraph("Source", rule.source)


def _paragraph(title: str, text: str) -> None:
    click.echo(f"\n{title}")
    click.echo(click.wrap_text(text, 88, "  ", "  "))


def _to_json(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "title": rule.title,
        "severity": str(rule.severity),
        "symptom": rule.symptom,
        "cause": rule.cause,
        "cure": list(rule.cure),
        "nsc": list(rule.nsc),
        "remedy": rule.remedy,
        "source": rule.source,
        "shown": rule.shown,
        "live": rule.live,
    }
