"""Trains a dictionary with a library on activations that bench/dictionary.ts has written.

dictionary_learning|sae_lens JOB STEPS: prints seconds per step (the first left out); writes the dictionary where
STEPS are all of the job's.
"""
import json
import os
import sys
import time

import numpy as np
import torch

name, path, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
job = json.load(open(path))
torch.set_num_threads(job["threads"])
torch.manual_seed(1)
d, B, steps, k, latents = job["width"], job["batch"], job["steps"], job["k"], job["latents"]
work, kind, rate = job["work"], job["kind"], job["rate"]
data = np.memmap(f"{work}/train.f32", np.float32, "r").reshape(-1, d)
order = np.fromfile(f"{work}/order.i32", np.int32)
out = f"{work}/{name}-{kind}"


def batch(step):
    return torch.from_numpy(np.array(data[order[step] * B : (order[step] + 1) * B]))


def timed(step):
    step(0)
    start = time.perf_counter()
    for i in range(1, most):
        step(i)
    return (time.perf_counter() - start) / (most - 1)


# The same schedule and patience with latents that do not fire as ours.
warmup, decay = max(1, min(1000, steps // 20)), steps - steps // 5
if name == "dictionary_learning":
    from dictionary_learning.trainers.batch_top_k import BatchTopKTrainer
    from dictionary_learning.trainers.jumprelu import JumpReluTrainer
    from dictionary_learning.trainers.top_k import TopKTrainer

    common = dict(
        steps=steps, activation_dim=d, dict_size=latents, layer=0, lm_name="bench",
        warmup_steps=warmup, decay_start=decay, seed=1, device="cpu",
    )
    if kind == "jumprelu":
        trainer = JumpReluTrainer(**common, target_l0=float(k), sparsity_warmup_steps=warmup)
    else:
        make = TopKTrainer if kind == "topk" else BatchTopKTrainer
        trainer = make(**common, lr=rate, k=k, threshold_start_step=min(1000, steps // 10))
        trainer.dead_feature_threshold = steps * B // 10
    seconds = timed(lambda step: trainer.update(step, batch(step)))
    if most == steps:
        os.makedirs(out, exist_ok=True)
        torch.save(trainer.ae.state_dict(), f"{out}/ae.pt")
        config = {"trainer": {**trainer.config, "layer": 12}, "buffer": {"d_submodule": d}}
        json.dump(config, open(f"{out}/config.json", "w"), default=str)
else:
    from sae_lens.config import SAETrainerConfig
    from sae_lens.saes.batchtopk_sae import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
    from sae_lens.saes.jumprelu_sae import JumpReLUTrainingSAE, JumpReLUTrainingSAEConfig
    from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.training.sae_trainer import SAETrainer

    common = dict(d_in=d, d_sae=latents, device="cpu", dtype="float32", apply_b_dec_to_input=True)
    if kind == "jumprelu":
        common |= dict(jumprelu_sparsity_loss_mode="quadratic", target_l0=float(k), l0_warm_up_steps=warmup)
        sae = JumpReLUTrainingSAE(JumpReLUTrainingSAEConfig(**common))
    elif kind == "topk":
        sae = TopKTrainingSAE(TopKTrainingSAEConfig(**common, k=k))
    else:
        sae = BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(**common, k=float(k)))
    scale = d**0.5  # the norm that it expects of activations
    config = SAETrainerConfig(
        total_training_samples=steps * B, train_batch_size_samples=B, lr=rate, lr_end=rate / 100,
        lr_warm_up_steps=warmup, lr_decay_steps=steps - decay, dead_feature_window=max(1, steps // 10),
    )
    trainer = SAETrainer(config, sae, iter(()))

    def step(i):
        trainer.step(batch(i) * scale)
        trainer.n_training_steps += 1

    seconds = timed(step)
    if most == steps:
        sae.fold_activation_norm_scaling_factor(scale)
        sae.cfg.metadata.hook_name = "blocks.12.hook_resid_post"
        sae.save_inference_model(out)
print(seconds)
