"""The same model a second time: transformers.GPT2LMHeadModel holding the weights of a GPT of ours."""

import torch
import torch.nn.functional as F
from transformers import GPT2Config, GPT2LMHeadModel

from minigpt.interchange.huggingface import hub_name


def reference_of(model):
    """A GPT2LMHeadModel in float64 with the sizes and the weights of a minigpt GPT, dropout off."""
    config = model.config
    reference = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.block_size,
            n_layer=config.n_layer,
            n_head=config.n_head,
            n_embd=config.n_embd,
            layer_norm_epsilon=config.layer_norm_epsilon,
            tie_word_embeddings=config.tie_weights,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            attn_implementation="eager",
            bos_token_id=None,
            eos_token_id=None,
        )
    ).double()
    weights = {hub_name(name): torch.tensor(value) for name, value in model.params.items()}
    missing, unexpected = reference.load_state_dict(weights, strict=False)
    tied = ["lm_head.weight"] if config.tie_weights else []
    assert (missing, unexpected) == (tied, []), (missing, unexpected)
    return reference


def reference_parameters(reference, model):
    """The reference's parameters under our names, in our order."""
    parameters = dict(reference.named_parameters())
    return {name: parameters[hub_name(name)] for name in model.params}


def reference_loss(reference, idx, targets):
    """Logits (B, T, V) and the mean cross-entropy over the targets that are not -100."""
    logits = reference(torch.tensor(idx), use_cache=False).logits
    return logits, F.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten(), ignore_index=-100)
