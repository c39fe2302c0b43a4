"""The peer of bench/models.ts: converts a GGUF file to safetensors, and times transformers on them.

convert GGUF OUT            writes OUT/f32 and OUT/bf16 in Hugging Face layout
time FOLDER TEXTS THREADS WHAT   prints one JSON line in tokens/s; WHAT: prefill,decode1,decode8,harvest,patterns or some of these
"""
import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def convert(gguf, out):
    folder, name = gguf.rsplit("/", 1)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    read = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    # What was read from GGUF counts as quantised and is not saved: its values go into a plain model.
    config = read.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(read.state_dict())
    for kind, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        model.to(dtype).save_pretrained(f"{out}/{kind}")
        tokenizer.save_pretrained(f"{out}/{kind}")


def best(f, rounds=3):
    return min(f() for _ in range(rounds))


def clock(f):
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


@torch.inference_mode()
def timings(folder, texts, threads, what):
    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()
    prompt = torch.arange(1000, 1256).unsqueeze(0)
    model(prompt)  # warm-up

    def decode(batch):
        start = torch.arange(1000, 1016).repeat(batch, 1)
        run = lambda n: clock(
            lambda: model.generate(start, max_new_tokens=n, min_new_tokens=n, do_sample=False, pad_token_id=0)
        )
        return 64 * batch / max(1e-9, best(lambda: run(65), 2) - best(lambda: run(1), 2))

    rows = [json.loads(line) for line in open(texts)]
    rows.sort(key=lambda r: len(r["tokens"]))

    def harvest(model=model, patterns=False):
        for at in range(0, len(rows), 32):
            batch = [r["tokens"] for r in rows[at : at + 32]]
            width = max(map(len, batch))
            ids = torch.tensor([r + [0] * (width - len(r)) for r in batch])
            mask = torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in batch])
            out = model.model(ids, attention_mask=mask, output_hidden_states=True, output_attentions=patterns)
            hidden = out.hidden_states
            weights = mask.unsqueeze(-1).to(hidden[0].dtype)
            for h in hidden[1:]:
                ((h * weights).sum(1) / weights.sum(1)).float()

    tokens = sum(len(r["tokens"]) for r in rows)

    def patterns():
        # Only the eager attention returns its patterns.
        eager = AutoModelForCausalLM.from_pretrained(folder, dtype="auto", attn_implementation="eager").eval()
        return tokens / best(lambda: clock(lambda: harvest(eager, True)), 2)

    measures = {
        "prefill": lambda: 256 / best(lambda: clock(lambda: model(prompt, logits_to_keep=1))),
        "decode1": lambda: decode(1),
        "decode8": lambda: decode(8),
        "harvest": lambda: tokens / best(lambda: clock(harvest), 2),
        "patterns": patterns,
    }
    print(json.dumps({name: measures[name]() for name in what}))


if sys.argv[1] == "convert":
    convert(sys.argv[2], sys.argv[3])
else:
    timings(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5].split(","))
