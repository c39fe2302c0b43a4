"""GFLOP/s of torch's products of weights: inputs, outputs, rows, threads, rounds -> "f32 bf16"."""
import sys
import time

import torch

inputs, outputs, rows, threads, rounds = map(int, sys.argv[1:])
torch.set_num_threads(threads)
result = []
with torch.inference_mode():
    for dtype in (torch.float32, torch.bfloat16):
        w = torch.rand(outputs, inputs).sub(0.5).to(dtype)
        x = torch.rand(rows, inputs).sub(0.5).to(dtype)
        torch.nn.functional.linear(x, w)
        best = float("inf")
        for _ in range(rounds):
            start = time.perf_counter()
            torch.nn.functional.linear(x, w)
            best = min(best, time.perf_counter() - start)
        result.append(2 * inputs * outputs * rows / best / 1e9)
print(*(f"{speed:.1f}" for speed in result))
