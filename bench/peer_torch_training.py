"""The peer of bench/training.ts: transformers' Llama of the same shapes, trained by torch's AdamW.

Arguments: CONFIG (a config.json), ROWS, LENGTH, THREADS. For every line on stdin, a number of steps, it trains so many
and prints the seconds that they took.
"""
import json
import sys
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM

path, rows, length, threads = sys.argv[1], *map(int, sys.argv[2:5])
torch.set_num_threads(threads)
torch.manual_seed(1)
model = LlamaForCausalLM(LlamaConfig(**json.load(open(path)))).float().train()
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.05)
vocabulary = model.config.vocab_size
print(sum(p.numel() for p in model.parameters()), flush=True)
for line in sys.stdin:
    batches = torch.randint(vocabulary, (int(line), rows, length))
    start = time.perf_counter()
    for ids in batches:
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    print(time.perf_counter() - start, flush=True)
