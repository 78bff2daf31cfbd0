#!/usr/bin/env bash
# torch 2.13.0: nn.LSTM in float32 under CPU autocast raises where the CPU has no AVX-512.
# Expected: a slower computation, as nn.RNN, nn.GRU and an nn.LSTM of dtype bfloat16 do it there.
# Seen: "could not create a primitive descriptor for the LSTM forward propagation primitive".  The
# same with 2.6.0, 2.14.1 and 2.15.0 on the same machine: it is a matter of the CPU, not of the release.
# Source: aten/src/ATen/native/RNN.cpp, use_mkldnn: a bfloat16 input is given to oneDNN only if
# mkldnn_bf16_device_check() holds, a float32 one is not checked; autocast, in autocast_mode.h, turns it
# into bfloat16 after that, at mkldnn_rnn_layer.
# Known: https://github.com/pytorch/pytorch/issues/88136 (comment of 25 April 2024, open) and
# https://github.com/AOSSIE-Org/OpenVerifiableLLM/issues/100; neither names the CPU.
# Hurts: a check that passes on one machine and raises on the next.  Around it: switch oneDNN off,
# `with torch.backends.mkldnn.flags(enabled=False):`; the result is then float32.
# ONEDNN_MAX_CPU_ISA=AVX2 lets oneDNN take a larger CPU for one without AVX-512.
# On Linux x86-64, PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu saves gigabytes of CUDA.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat > "$folder/seen.py" <<'PY'
import os

import torch
from torch import nn

x, message = torch.zeros(3, 4, 5), "could not create a primitive descriptor for the LSTM forward"


def outcome(layer: nn.Module, input: torch.Tensor = x) -> str:
    try:
        return str(layer(input)[0].dtype)
    except RuntimeError as error:
        assert str(error).startswith(message), error
        return "raises"


with torch.autocast("cpu", torch.bfloat16):
    seen = {kind.__name__: outcome(kind(5, 6)) for kind in (nn.RNN, nn.GRU, nn.LSTM)}
seen["LSTM of dtype bfloat16, no autocast"] = outcome(nn.LSTM(5, 6).bfloat16(), x.bfloat16())
torch.backends.mkldnn.set_flags(_enabled=False)
with torch.autocast("cpu", torch.bfloat16):
    seen["LSTM without oneDNN"] = outcome(nn.LSTM(5, 6))
limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "no limit")
print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, oneDNN: {limit}")
for name, found in seen.items():
    print(f"    {name:<37}{found}")
if limit == "no limit" and "AVX512" in torch.backends.cpu.get_cpu_capability():
    print("    This CPU has AVX-512: it is not to be seen here without the limit.")
    assert seen["LSTM"] == "torch.bfloat16", "this has changed"
else:
    assert seen.pop("LSTM") == "raises", "this has changed"
    assert "raises" not in seen.values(), "this has changed"
PY
ONEDNN_MAX_CPU_ISA=AVX2 "$folder/venv/bin/python" -W ignore "$folder/seen.py"
"$folder/venv/bin/python" -W ignore "$folder/seen.py"
