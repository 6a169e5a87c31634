"""The outcome of a check, in the forms of monitoring systems.

Source: jsm.go ``monitor/result.go``. Exit codes are Nagios': 0 OK, 1 warning, 2 critical,
3 unknown; in Prometheus' form always 0, since the status is in the data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jetshare.cli.nats.figures import show_number
from jetshare.cli.nats.tables import table

_CODES = {"OK": 0, "WARNING": 1, "CRITICAL": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number that was looked at; a threshold of 0 is none. ``unit`` is ``s`` or empty."""

    name: str
    value: float
    help: str
    warn: float = 0
    crit: float = 0
    unit: str = ""

    def nagios(self) -> str:
        places = 4 if self.unit == "s" else 0
        text = f"{self.name}={self.value:.{places}f}{self.unit}"
        if self.warn:
            text += f";{self.warn:.{places}f}"
        elif self.crit:
            text += ";"
        return f"{text};{self.crit:.{places}f}" if self.crit else text

    def to_json(self) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "name": self.name,
            "value": _number(self.value),
            "warning": _number(self.warn),
            "critical": _number(self.crit),
        }
        return fields | ({"unit": self.unit} if self.unit else {})


@dataclass(slots=True, kw_only=True)
class Result:
    """What a check has found so far; the worst of it is its status."""

    suite: str
    name: str
    ok: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    criticals: list[str] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)

    @property
    def status(self) -> str:
        return "CRITICAL" if self.criticals else "WARNING" if self.warnings else "OK"

    def judge(self, text: str, *, critical: bool, warning: bool = False) -> None:
        """File ``text`` under what it is; what is neither is fine."""
        where = self.criticals if critical else self.warnings if warning else self.ok
        where.append(text)

    def exit_code(self, form: str) -> int:
        return 0 if form == "prometheus" else _CODES[self.status]

    def text(self, form: str, namespace: str) -> str:
        match form:
            case "text":
                return self._human()
            case "prometheus":
                return self._prometheus(namespace)
            case _:
                return self._nagios()

    def to_json(self) -> dict[str, Any]:
        lists = {"warning": self.warnings, "critical": self.criticals, "ok": self.ok}
        return {
            "status": self.status,
            "check_suite": self.suite,
            "check_name": self.name,
            **{name: found for name, found in lists.items() if found},
            "perf_data": [metric.to_json() for metric in self.metrics],
        }

    def _nagios(self) -> str:
        parts = [
            self.name,
            *(f"Crit:{text}" for text in self.criticals),
            *(f"Warn:{text}" for text in self.warnings),
            *(f"OK:{text}" for text in self.ok),
        ]
        numbers = " ".join(metric.nagios() for metric in self.metrics)
        return f"{self.status} {' '.join(parts)}" + (f" | {numbers}" if numbers else "")

    def _human(self) -> str:
        lines = [f"{self.name}: {self.status}", ""]
        rows = [
            *(["OK", text] for text in self.ok),
            *(["Warning", text] for text in self.warnings),
            *(["Critical", text] for text in self.criticals),
        ]
        if rows:
            lines += ["Status Detail", "", table("", ["Status", "Message"], rows), ""]
        if self.metrics:
            head = ["Metric", "Value", "Unit", "Critical Threshold", "Warning Threshold"]
            numbers = [
                [m.name, _shown(m.value), m.unit, _shown(m.crit), _shown(m.warn), m.help]
                for m in self.metrics
            ]
            lines += ["Check Metrics", "", table("", [*head, "Description"], numbers), ""]
        return "\n".join(lines)

    def _prometheus(self, namespace: str) -> str:
        item = self.name.replace('"', ".")
        gauges = {
            f"{namespace}_{self.suite}_{metric.name}": (metric.help, "", metric.value)
            for metric in self.metrics
        }
        gauges[f"{namespace}_{self.suite}_status_code"] = (
            f"Nagios compatible status code for {self.suite}",
            f',status="{self.status}"',
            _CODES[self.status],
        )
        lines = []
        for name, (text, labels, value) in sorted(gauges.items()):
            lines.append(f"# HELP {name} {text}")
            lines.append(f"# TYPE {name} gauge")
            lines.append(f'{name}{{item="{item}"{labels}}} {_number(value)}')
        return "\n".join(lines) + "\n"


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _shown(value: float) -> str:
    return show_number(int(value)) if value == int(value) else f"{value:,.3f}".rstrip("0")
