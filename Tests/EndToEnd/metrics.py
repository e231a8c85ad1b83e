"""Reads what /metrics says, and believes none of it that is not in the format's own words."""

import re
import urllib.request
from decimal import Decimal

SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\})? (-?[0-9.]+|\+Inf)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"')


class Metrics:
    def __init__(self, text):
        self.text, self.types, self.samples = text, {}, {}
        assert text.endswith("\n")
        helped = set()
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name, words = line[7:].split(" ", 1)
                assert name not in helped and words.endswith("."), line
                helped.add(name)
            elif line.startswith("# TYPE "):
                name, kind = line[7:].split(" ")
                assert name in helped and name not in self.types and kind in ("counter", "gauge", "histogram"), line
                self.types[name] = kind
            else:
                match = SAMPLE.match(line)
                assert match, line
                name, labels, value = match.groups()
                key = (name, tuple(sorted(LABEL.findall(labels or ""))))
                assert key not in self.samples, f"{key} twice"
                family = re.sub("_(bucket|sum|count)$", "", name)
                assert self.types.get(name) in ("counter", "gauge") or self.types.get(family) == "histogram", line
                assert self.types.get(name) != "counter" or name.endswith("_total"), line
                self.samples[key] = Decimal(value)
        self.check_histograms()

    def check_histograms(self):
        for name in (name for name, kind in self.types.items() if kind == "histogram"):
            series = {}
            for (sample, labels), value in self.samples.items():
                if sample == f"{name}_bucket":
                    rest = tuple(label for label in labels if label[0] != "le")
                    series.setdefault(rest, []).append((dict(labels)["le"], value))
            assert series, name
            for labels, buckets in series.items():
                counts = [value for _, value in buckets]
                assert counts == sorted(counts) and buckets[-1][0] == "+Inf"
                assert counts[-1] == self.samples[f"{name}_count", labels] and (f"{name}_sum", labels) in self.samples

    def __call__(self, name, **labels):
        """The sum of a metric over all labels that are not said."""
        wanted = set(labels.items())
        return sum(value for (sample, found), value in self.samples.items() if sample == name and wanted <= set(found))

    @property
    def names(self):
        """Of families, and of histograms what they are asked by."""
        histograms = {name for name, kind in self.types.items() if kind == "histogram"}
        return set(self.types) | {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}


def read(gateway, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Metrics(answer.read().decode())
