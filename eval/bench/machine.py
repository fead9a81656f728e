"""What the machine is and how many matrix operations it does in a second, and how many an encoder needs.

`python -m eval.bench.machine` prints it as JSON. Knows nothing of who embeds what.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: The side of the square matrices that are multiplied, and how often; the fastest counts, since a peak is sought.
SIDE, REPEATS = 2048, 12

#: With these OpenVINO computes as on a processor that has AVX-512 and no bfloat16 (its documented switches, in release builds too).
WITHOUT_BF16 = {"OV_CPU_MAX_ISA": "AVX512_CORE_VNNI", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI"}


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """The sizes of a BERT-like encoder that its cost depends on."""

    layers: int
    hidden: int
    intermediate: int

    @classmethod
    def of(cls, folder: Path) -> EncoderShape:
        """Read the shape from the `config.json` of a model."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(config["num_hidden_layers"], config["hidden_size"], config["intermediate_size"])

    @property
    def matrix_parameters(self) -> int:
        """Return the parameters in matrices that every token is multiplied with: four of attention, two of the feed-forward part."""
        return self.layers * (4 * self.hidden**2 + 2 * self.hidden * self.intermediate)

    def flops(self, tokens: int, squares: int) -> int:
        """Return the floating-point operations of embedding texts of n tokens each, `tokens` = Σ n and `squares` = Σ n².

        2 a matrix parameter and token; for attention 2·n²·hidden a layer for the scores and as many for their use. Embedding
        tables, norms, softmax and padding are not counted: they are no useful matrix work.
        """
        return 2 * self.matrix_parameters * tokens + 4 * self.layers * self.hidden * squares


@dataclass(frozen=True, slots=True)
class Machine:
    """The processor and its measured matrix throughput in GFLOP/s; `bf16_gflops` is None where it does not compute in bfloat16."""

    cpu: str
    cores: int
    memory_gb: float
    bf16: bool
    amx: bool
    load: float
    """Processes that wanted to run in the minute before."""
    f32_gflops: float
    bf16_gflops: float | None


def describe() -> Machine:
    """Measure this machine; takes some seconds."""
    facts = _processor()
    flags = set(facts.get("flags", "").split())
    bf16 = "BF16" in _openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    load = os.getloadavg()[0]
    return Machine(
        cpu=facts.get("model name") or platform.processor() or platform.machine(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        bf16=bf16,
        amx="amx_bf16" in flags,
        load=round(load, 2),
        f32_gflops=round(_f32(), 1),
        bf16_gflops=round(_bf16(), 1) if bf16 else None,
    )


def _processor() -> dict[str, str]:
    """Return the facts of the first processor in `/proc/cpuinfo`; none where there is no such file."""
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first.splitlines())}


def _f32() -> float:
    """Return the GFLOP/s of numpy's float32 matrix product on all cores."""
    left, right = _matrices()
    out = np.empty_like(left)
    return _gflops(lambda: np.matmul(left, right, out=out))


def _bf16() -> float:
    """Return the GFLOP/s of OpenVINO's bfloat16 matrix product on all cores; the right matrix is constant, as weights are."""
    openvino = _openvino()
    left, right = _matrices()
    given = openvino.opset13.parameter([SIDE, SIDE], dtype=np.float32)
    product = openvino.opset13.matmul(given, openvino.opset13.constant(right), transpose_a=False, transpose_b=False)
    settings = {"INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(openvino.Model([product], [given]), "CPU", settings).create_infer_request()
    request.infer([left], share_inputs=True)
    return _gflops(lambda: request.infer())  # noqa: PLW0108  # the inputs are set


def _matrices() -> tuple[Any, Any]:
    chance = np.random.default_rng(0)
    return chance.random((SIDE, SIDE), np.float32), chance.random((SIDE, SIDE), np.float32)


def _gflops(multiply: Callable[[], object]) -> float:
    return 2 * SIDE**3 / min(_seconds(multiply for _ in range(REPEATS))) / 1e9


def _seconds(calls: Iterable[Callable[[], object]]) -> Iterable[float]:
    for call in calls:
        start = time.perf_counter()
        call()
        yield time.perf_counter() - start


def _openvino() -> Any:
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None means: not to be imported
    import openvino
    import openvino.opset13

    return openvino


if __name__ == "__main__":
    print(json.dumps(asdict(describe())))
