"""The peer of bench/steering.ts: transformers with a forward hook that adds a vector of its own to every row.

FOLDER WORK THREADS TOKENS BATCHES   prints one JSON line: generated tokens/s by batch
"""
import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM

folder, work, threads, tokens, batches = sys.argv[1:]
torch.set_num_threads(int(threads))
model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()
work = json.load(open(work))
vectors = torch.tensor(work["vectors"], dtype=model.dtype)
rows = [(a, p) for a in range(len(vectors)) for p in work["prompts"]]
tokens = int(tokens)
now = None


def hook(module, args, output):
    hidden = output[0] if isinstance(output, tuple) else output
    hidden = hidden + now[:, None, :]
    return (hidden, *output[1:]) if isinstance(output, tuple) else hidden


model.model.layers[work["layer"]].register_forward_hook(hook)


@torch.inference_mode()
def generate(batch):
    global now
    made = 0
    for at in range(0, len(rows), batch):
        part = rows[at : at + batch]
        width = max(len(p) for _, p in part)
        ids = torch.tensor([[0] * (width - len(p)) + p for _, p in part])
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for _, p in part])
        now = vectors[[a for a, _ in part]]
        out = model.generate(
            ids,
            attention_mask=mask,
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            pad_token_id=0,
        )
        made += (out.shape[1] - width) * len(part)
    return made


now = vectors[:1]
model(torch.tensor([work["prompts"][0]]))  # warm-up
speeds = {}
for batch in map(int, batches.split(",")):
    start = time.perf_counter()
    made = generate(batch)
    speeds[batch] = made / (time.perf_counter() - start)
print(json.dumps(speeds))
