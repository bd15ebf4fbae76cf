"""config.json is held to what its weights were saved with."""

import json

import numpy as np
import pytest

from minigpt import (
    GPT,
    RNN,
    BigramConfig,
    BigramLM,
    GPTConfig,
    RNNConfig,
    accept_settings,
    load_model,
)
from minigpt.filling.model import GapFiller
from minigpt.finetuning.classifier import GPTClassifier
from minigpt.finetuning.lora import LoRAGPT
from minigpt.interchange.safetensors_file import open_safetensors, save_safetensors
from minigpt.interchange.settings import saved_settings


def change(path, **changes):
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, value in changes.items():
        content[name] = value
    path.write_text(json.dumps(content), encoding="utf-8", newline="\n")  # reformatted besides


def gpt():
    return GPT(GPTConfig(20, 8, 2, 2, 8), seed=1)


@pytest.fixture
def folders(tmp_path):
    """One of every model that is saved: a dict from its kind to its folder."""
    base = tmp_path / "gpt"
    gpt().save_pretrained(base)
    BigramLM(BigramConfig(20, 8), seed=1).save_pretrained(tmp_path / "bigram")
    RNN(RNNConfig(20, 8, 6), seed=1).save_pretrained(tmp_path / "rnn")
    GapFiller(gpt().config, seed=1).save_pretrained(tmp_path / "fill")
    lora = LoRAGPT(gpt(), 2, 16, ["wte", "attn.c_attn"], 1, str(base))
    for param in lora.trained_params().values():
        param += 0.1
    lora.save_pretrained(tmp_path / "lora")
    GPTClassifier(lora, ["ham", "spam"], 0, seed=2).save_pretrained(tmp_path / "labels")
    folders = {name: tmp_path / name for name in ("gpt", "bigram", "rnn", "fill", "labels")}
    return folders | {"adapter": tmp_path / "lora" / "adapter", "scores": tmp_path / "labels" / "adapter"}


CHANGES = [
    ("gpt", "config.json", "layer_norm_epsilon", 2e-5),
    ("gpt", "config.json", "n_head", 4),
    ("gpt", "config.json", "resid_pdrop", 0.5),
    ("gpt", "config.json", "tie_word_embeddings", False),
    ("gpt", "config.json", "n_positions", 4),
    ("bigram", "config.json", "block_size", 9),
    ("rnn", "config.json", "block_size", 9),
    ("fill", "config.json", "n_head", 4),
    ("labels", "config.json", "id2label", {"0": "spam", "1": "ham"}),
    ("labels", "config.json", "text_end", ""),
    ("labels", "config.json", "problem_type", "multi_label_classification"),
    ("labels", "config.json", "pad_token_id", 3),
    ("adapter", "adapter_config.json", "lora_alpha", 17),
    ("adapter", "adapter_config.json", "use_rslora", True),
    ("scores", "adapter_config.json", "r", 3),
    ("scores", "labels.json", "id2label", {"0": "spam", "1": "ham"}),
]


@pytest.mark.parametrize(("kind", "file", "name", "value"), CHANGES)
def test_a_setting_that_changes_what_is_computed_is_refused_by_name(folders, kind, file, name, value):
    load_model(folders[kind])
    change(folders[kind] / file, **{name: value})
    with pytest.raises(ValueError, match=r"was changed by hand. If on purpose, .*accept_settings") as caught:
        load_model(folders[kind])
    assert (name if file != "labels.json" else file) in str(caught.value)


def test_what_computes_nothing_may_be_changed_and_the_file_formatted_anew(folders):
    for folder in (folders["gpt"], folders["labels"], folders["bigram"]):
        change(folder / "config.json", note="mine", eos_token_id=3, torch_dtype=None)
        load_model(folder)
    change(folders["adapter"] / "adapter_config.json", inference_mode=False, revision="main", bias="none")
    load_model(folders["adapter"])


def test_the_line_of_the_refusal_takes_a_change_over(folders):
    change(folders["gpt"] / "config.json", layer_norm_epsilon=0.25)
    with pytest.raises(ValueError, match=r"layer_norm_epsilon is 0.25 but was 1e-05") as caught:
        load_model(folders["gpt"])
    exec(str(caught.value).split('python -c "')[1].rstrip('"'))
    model = load_model(folders["gpt"])
    assert model.config.layer_norm_epsilon == 0.25
    assert all(np.array_equal(param, gpt().params[name]) for name, param in model.params.items())
    change(folders["adapter"] / "adapter_config.json", lora_alpha=17)
    accept_settings(folders["adapter"])
    load_model(folders["adapter"])


def test_a_model_of_before_and_one_of_others_open_without_settings(folders):
    path = folders["gpt"] / "model.safetensors"
    arrays = {name: array.read() for name, array in open_safetensors(path).items()}
    save_safetensors(path, arrays)  # as 0.1 saved, which had checksums of the arrays alone
    assert saved_settings(path) is None
    change(folders["gpt"] / "config.json", layer_norm_epsilon=2e-5)
    assert load_model(folders["gpt"]).config.layer_norm_epsilon == 2e-5


def rewritten(path, edit):
    """A safetensors file with another header."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    edit(header)
    text = json.dumps(header).encode("utf-8")
    path.unlink()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[start:])


def rename_checksum(header):
    checksums = json.loads(header["__metadata__"]["crc32"])
    checksums["transformer.wte.weights"] = checksums.pop("transformer.wte.weight")
    header["__metadata__"]["crc32"] = json.dumps(checksums)


def drop_checksum(header):
    checksums = json.loads(header["__metadata__"]["crc32"])
    del checksums["transformer.wte.weight"]
    header["__metadata__"]["crc32"] = json.dumps(checksums)


def empty_checksum(header):
    checksums = json.loads(header["__metadata__"]["crc32"])
    header["__metadata__"]["crc32"] = json.dumps(checksums | {"transformer.wte.weight": None})


def drop_checksum_of_metadata(header):
    checksums = json.loads(header["__metadata__"]["crc32"])
    del checksums["__metadata__"]
    header["__metadata__"]["crc32"] = json.dumps(checksums)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (rename_checksum, "is damaged: 'transformer.wte.weights?' is a"),
        (drop_checksum, "is damaged: 'transformer.wte.weight' is an array without a checksum"),
        (empty_checksum, "is damaged: its checksums cannot be read"),
        (drop_checksum_of_metadata, "is damaged: its metadata is not as it was saved"),
        (lambda header: header["__metadata__"].pop("crc32"), "it has no checksums though"),
        (lambda header: header["__metadata__"].update(settings="{}"), "its metadata is not as it was saved"),
    ],
)
def test_a_model_of_ours_without_complete_checksums_is_damaged(folders, edit, sentence):
    rewritten(folders["gpt"] / "model.safetensors", edit)
    with pytest.raises(ValueError, match=sentence):
        load_model(folders["gpt"])
