"""A GPT in pure NumPy, from first principles: every forward and backward pass written by hand."""

from minigpt.backend import use_backend
from minigpt.bigram import BigramConfig, BigramLM
from minigpt.generation.loop import generate, generate_text_simple
from minigpt.gradcheck import gradcheck
from minigpt.loading import accept_settings, load_model
from minigpt.model import GPT, GPTConfig
from minigpt.muon import Muon
from minigpt.optim import AdamW, clip_grad_norm, cosine_schedule
from minigpt.rnn import RNN, RNNConfig

__all__ = [
    "GPT",
    "RNN",
    "AdamW",
    "BigramConfig",
    "BigramLM",
    "GPTConfig",
    "Muon",
    "RNNConfig",
    "accept_settings",
    "clip_grad_norm",
    "cosine_schedule",
    "generate",
    "generate_text_simple",
    "gradcheck",
    "load_model",
    "use_backend",
]
