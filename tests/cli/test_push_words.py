import pytest

from jetshare.cli.push_words import push_exit, push_lines
from jetshare.net.resolver import Answer
from jetshare.workflows.push import Push


def answer(
    server: str, *, ok: bool = True, code: int = 200, message: str = "jwt updated"
) -> Answer:
    return Answer(server=server, account="A", ok=ok, code=code, message=message)


def test_each_servers_answer_is_told() -> None:
    push = Push(answers=(answer("n1"), answer("n2", ok=False, code=500, message="jwt invalid")))
    lines = push_lines(push)
    assert lines[0] == "server n1 took it"
    assert "n2 refused it: jwt invalid (500)" in lines[1]
    assert "not pushed to every server" in lines[2]
    assert push_exit(push) == 3


def test_a_push_that_did_not_happen_says_why_and_what_to_do() -> None:
    push = Push(problem="nobody listens", hint="start it")
    lines = ["stored, but not pushed: nobody listens", "hint: start it"]
    assert push_lines(push) == lines
    later = "to carry it there: jetshare nsc push -a 'ACCT C'"
    assert push_lines(push, "ACCT C") == [*lines, later]
    assert push_exit(push) == 3


@pytest.mark.parametrize(
    ("skew_s", "says"),
    [(0.4, None), (-9.9, None), (75.0, "75 s ahead of this one"), (-3600.0, "3,600 s behind")],
)
def test_a_clock_that_is_off_is_told(skew_s: float, says: str | None) -> None:
    lines = push_lines(Push(answers=(answer("n1"),), skew_s=skew_s))
    assert len(lines) == (1 if says is None else 2)
    assert says is None or says in lines[1]


def test_no_push_is_no_failure() -> None:
    assert push_exit(None) == 0
