"""How a framework was measured to compute."""

from typing import Any

from compare.results import ProbedEngine


def engine_to_dict(engine: ProbedEngine) -> dict[str, Any]:
    """Returns a framework on a device, with what of its numbers counts in a product."""
    probed = engine.probed
    return {
        "framework": engine.framework,
        "device": engine.device,
        "implementations": list(engine.implementations),
        "dtype": probed.dtype.name,
        "operand_bits": probed.operand_bits,
        "sum_bits": probed.sum_bits,
        "keeps_subnormal_inputs": probed.keeps_subnormal_inputs,
        "keeps_subnormal_results": probed.keeps_subnormal_results,
        "products": [{**one._asdict(), "shape": list(one.shape)} for one in probed.products],
        "peak_bytes": engine.peak_bytes,
    }
