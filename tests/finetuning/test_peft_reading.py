"""Adapters that PEFT writes, merged here: the logits are PEFT's, or the adapter is refused by name."""

import json

import numpy as np
import pytest
from models import shaken

from minigpt import GPT, GPTConfig, load_model
from minigpt.finetuning.lora import load_adapter
from minigpt.gradcheck import relative_error
from minigpt.interchange.safetensors_file import open_safetensors, save_safetensors

CONFIG = GPTConfig(vocab_size=13, block_size=9, n_layer=3, n_head=2, n_embd=10)
IDX = np.random.default_rng(2).integers(CONFIG.vocab_size, size=(2, 7))

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning:peft", "ignore::RuntimeWarning:peft", "ignore::FutureWarning"
)


def base_in(directory, tied=True):
    model = shaken(GPT(GPTConfig(**vars(CONFIG) | {"tie_weights": tied})))
    model.save_pretrained(directory / "base")
    return model


def write_adapter(directory, **settings):
    """An adapter of random numbers, written by PEFT, and the logits that PEFT gives when it reads it."""
    torch.manual_seed(0)
    open_base = transformers.AutoModelForCausalLM.from_pretrained
    config = peft.LoraConfig(**{"r": 3, "lora_alpha": 5, "task_type": "CAUSAL_LM"} | settings)
    model = peft.get_peft_model(open_base(directory / "base"), config)
    for param in model.parameters():
        if param.requires_grad:
            param.data += 0.3 * torch.randn_like(param)
    model.save_pretrained(directory / "adapter")
    again = peft.PeftModel.from_pretrained(open_base(directory / "base"), directory / "adapter").eval()
    return again(torch.tensor(IDX)).logits.detach().numpy()


def rewrite(directory, tensors=None, **changes):
    """Change the adapter's config, and its tensors as tensors(dict of arrays) leaves them."""
    path = directory / "adapter" / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(config), encoding="utf-8", newline="\n")
    if tensors:
        path = path.with_name("adapter_model.safetensors")
        arrays = {name: array.read().copy() for name, array in open_safetensors(path).items()}
        tensors(arrays)
        save_safetensors(path, arrays)


EXACT = {
    "names": {"target_modules": ["c_attn", "c_proj", "c_fc"]},
    "default targets": {},
    "parts of names are none": {"target_modules": ["c_attn", "fc", "proj"]},
    "all-linear": {"target_modules": "all-linear"},
    "full names": {"target_modules": ["transformer.h.0.attn.c_attn", "h.1.mlp.c_fc"]},
    "pattern": {"target_modules": r".*\.h\.[02]\.(attn|mlp)\.c_proj"},
    "excluded names": {"target_modules": ["c_attn", "c_proj"], "exclude_modules": ["h.1.mlp.c_proj"]},
    "excluded pattern": {"target_modules": ["c_attn", "c_proj"], "exclude_modules": r".*\.1\..*"},
    "layers": {"target_modules": ["c_attn", "c_fc"], "layers_to_transform": [0, 2]},
    "one layer": {"target_modules": ["c_fc"], "layers_to_transform": 1, "layers_pattern": "h"},
    "rslora": {"target_modules": ["c_attn"], "use_rslora": True},
    "patterns of rank and alpha": {
        "target_modules": ["c_attn", "c_fc", "c_proj"],
        "rank_pattern": {"h.1.attn.c_attn": 2, "attn.c_proj": 5, "c_fc": 4},
        "alpha_pattern": {"^transformer.h.0.*c_attn": 3, "mlp.c_proj": 9},
        "use_rslora": True,
    },
    "patterns of parts of names": {
        "target_modules": ["c_proj", "c_fc"],
        "rank_pattern": {"proj": 2, "attn": 4},
        "alpha_pattern": {"proj": 9, "mlp": 7, "fc": 8},
    },
    "saved LayerNorm": {"target_modules": ["c_attn"], "modules_to_save": ["ln_1", "ln_f"]},
    "saved feed-forward": {"target_modules": ["c_proj"], "modules_to_save": ["mlp"]},
    "saved positions": {"target_modules": ["c_attn"], "modules_to_save": ["wpe"]},
    "saved table": {"target_modules": ["c_attn"], "modules_to_save": ["wte"]},
    "saved head": {"target_modules": ["c_attn"], "modules_to_save": ["lm_head"]},
    "saved table and head": {"target_modules": ["c_attn"], "modules_to_save": ["wte", "lm_head"]},
    "tokens": {"target_modules": ["c_attn"], "trainable_token_indices": [5, 1, 12]},
    "tokens of the table": {"target_modules": ["c_attn"], "trainable_token_indices": {"wte": [5, 1]}},
    "places": {"target_modules": ["c_attn"], "trainable_token_indices": {"wpe": [0, 4]}},
    "table": {"target_modules": ["wte", "c_fc"]},
    "positions": {"target_modules": ["wpe"]},
    "head": {"target_modules": ["lm_head", "c_fc"]},
    "table and head": {"target_modules": ["wte", "lm_head"]},
    "biases": {"target_modules": ["c_attn"], "bias": "all"},
    "biases of the adapted": {"target_modules": ["c_attn"], "bias": "lora_only"},
    "bias of B": {"target_modules": ["c_attn", "c_fc"], "lora_bias": True},
    "normal beginning": {"target_modules": ["c_attn"], "init_lora_weights": "gaussian"},
    "no task": {"target_modules": ["c_attn"], "task_type": None},
}


@pytest.mark.parametrize("settings", EXACT.values(), ids=EXACT)
@pytest.mark.parametrize("tied", [True, False], ids=["tied head", "head of its own"])
def test_the_logits_are_those_of_peft(tmp_path, settings, tied):
    base = base_in(tmp_path, tied)
    before = {name: param.copy() for name, param in base.params.items()}
    expected = write_adapter(tmp_path, **settings)
    assert relative_error(base.forward(IDX)[0], expected) > 1e-2, "the adapter does nothing"
    merged = load_adapter(base, tmp_path / "adapter")
    assert relative_error(merged.forward(IDX)[0], expected) <= 1e-5
    assert relative_error(load_model(tmp_path / "adapter").forward(IDX)[0], expected) <= 1e-5
    for name, param in base.params.items():
        assert np.array_equal(param, before[name]), name


@pytest.mark.parametrize(
    ("written", "meant"), [(["c_attn"], None), (["c_attn", "c_proj", "c_fc"], "all-linear")]
)
def test_targets_that_peft_writes_out_may_be_left_to_the_reader(tmp_path, written, meant):
    base = base_in(tmp_path)
    expected = write_adapter(tmp_path, target_modules=written)
    rewrite(tmp_path, target_modules=meant)
    assert relative_error(load_adapter(base, tmp_path / "adapter").forward(IDX)[0], expected) <= 1e-5


def test_a_trained_row_that_the_table_has_not_is_refused(tmp_path):
    base = base_in(tmp_path)
    write_adapter(tmp_path, target_modules=["c_attn"], trainable_token_indices=[5, 1])
    rewrite(tmp_path, trainable_token_indices=[5, CONFIG.vocab_size])
    with pytest.raises(ValueError, match="trainable_token_indices has ids that wte has not"):
        load_adapter(base, tmp_path / "adapter")


def test_a_head_that_follows_the_table_stays_tied(tmp_path):
    base = base_in(tmp_path)
    write_adapter(tmp_path, target_modules=["c_attn"], trainable_token_indices=[5, 1])
    assert load_adapter(base, tmp_path / "adapter").config.tie_weights
    write_adapter(tmp_path, target_modules=["wte"])
    assert not load_adapter(base, tmp_path / "adapter").config.tie_weights


def test_a_table_that_was_enlarged_brings_its_rows(tmp_path):
    base = base_in(tmp_path)
    write_adapter(tmp_path, target_modules=["c_attn"])
    table = np.random.default_rng(3).standard_normal((17, CONFIG.n_embd)).astype("f4")
    added = {f"base_model.model.{name}.weight": table for name in ("transformer.wte", "lm_head")}
    rewrite(tmp_path, lambda tensors: tensors.update(added))
    merged = load_adapter(base, tmp_path / "adapter")
    assert (merged.config.vocab_size, merged.config.tie_weights) == (17, True)
    assert np.array_equal(merged.params["wte.weight"], table)


REFUSED = {
    "use_dora": {"use_dora": True},
    "alora_invocation_tokens": {"alora_invocation_tokens": [5, 6]},
    "init_lora_weights is 'pissa'": {"init_lora_weights": "pissa"},
    "init_lora_weights is 'pissa_niter_4'": {"init_lora_weights": "pissa_niter_4"},
    "init_lora_weights is 'lora_ga'": {"init_lora_weights": "lora_ga"},
    "velora_config": {"velora_config": {"num_groups": 2}},
    "ensure_weight_tying": {"target_modules": ["wte"], "ensure_weight_tying": True},
    "trainable_token_indices has 'lm_head'": {"trainable_token_indices": {"lm_head": [0, 3]}},
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_is_not_computed_is_refused_by_name(tmp_path, sentence):
    base = base_in(tmp_path)
    write_adapter(tmp_path, **{"target_modules": ["c_attn"]} | REFUSED[sentence])
    with pytest.raises(ValueError, match=sentence):
        load_adapter(base, tmp_path / "adapter")


A = "base_model.model.transformer.h.1.attn.c_attn.lora_A.weight"


@pytest.mark.parametrize(
    ("changes", "tensors", "sentence"),
    [
        ({"peft_type": "IA3"}, None, "peft_type is 'IA3' but only 'LORA'"),
        ({"task_type": "TOKEN_CLS"}, None, "task_type is 'TOKEN_CLS'"),
        ({"a_key_of_tomorrow": 3}, None, "a_key_of_tomorrow is 3, which is not supported"),
        ({"init_lora_weights": "olora"}, None, "init_lora_weights is 'olora'"),
        ({"layer_replication": [[0, 1]]}, None, "layer_replication"),
        ({"target_parameters": ["mlp.c_fc.weight"]}, None, "target_parameters"),
        ({"r": 4}, None, r"lora_A.weight has shape \(3, 10\) in .* need \(4, 10\)"),
        ({"r": True}, None, "r is True but must be a whole number"),
        ({"lora_alpha": float("nan")}, None, "lora_alpha is nan"),
        ({"target_modules": ["c_attn", "c_proj"]}, None, "c_proj.lora_A.weight is missing"),
        ({"target_modules": ["c_attn", "wte"]}, None, "wte.lora_embedding_A is missing"),
        ({"target_modules": ["c_attn", "ln_f"]}, None, "target_modules has 'ln_f', but only matrices"),
        ({"target_modules": ["h.0.attn.c_attn"]}, None, "has a tensor .*h.1.attn.c_attn.lora_A.weight"),
        ({"modules_to_save": ["ln_f"]}, None, "ln_f.weight is missing"),
        ({"target_modules": 3}, None, "target_modules is 3 but must be null or a text or a list of texts"),
        ({"target_modules": "(c_attn"}, None, "adapter_config.json is damaged"),
        ({"rank_pattern": ["c_attn"]}, None, r"rank_pattern is \['c_attn'\] but must be null or an object"),
        ({"trainable_token_indices": "1"}, None, "trainable_token_indices is '1' but must be"),
        ({"lora_bias": True}, None, "c_attn.lora_B.bias is missing"),
        ({"trainable_token_indices": [1]}, None, "trainable_tokens_delta is missing"),
        ({}, lambda t: t.pop(A), "h.1.attn.c_attn.lora_A.weight is missing"),
        ({}, lambda t: t.update({A.replace("lora_A", "lora_C"): t[A]}), "has a tensor .*lora_C.weight"),
        ({}, lambda t: t.update({"elsewhere.weight": t[A]}), "has a tensor 'elsewhere.weight'"),
        (
            {},
            lambda t: t.update({"base_model.model.transformer.ln_f.bias": np.ones(3, "f4")}),
            r"ln_f.bias has shape \(3,\) in .* need \(10,\)",
        ),
    ],
)
def test_a_config_and_tensors_that_do_not_belong_together_are_refused_by_name(
    tmp_path, changes, tensors, sentence
):
    base = base_in(tmp_path)
    write_adapter(tmp_path, target_modules=["c_attn"])
    rewrite(tmp_path, tensors, **changes)
    with pytest.raises(ValueError, match=sentence):
        load_adapter(base, tmp_path / "adapter")


def test_a_pickled_adapter_is_never_opened(tmp_path):
    base = base_in(tmp_path)
    write_adapter(tmp_path, target_modules=["c_attn"])
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    path.rename(path.with_name("adapter_model.bin"))
    with pytest.raises(ValueError, match=r"adapter_model\.bin, a pickle"):
        load_adapter(base, tmp_path / "adapter")


def test_the_base_is_found_from_the_adapter_and_by_its_full_name(tmp_path, monkeypatch):
    base_in(tmp_path)
    expected = write_adapter(tmp_path, target_modules=["c_attn"])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in ("../base", str(tmp_path / "base")):
        rewrite(tmp_path, base_model_name_or_path=name)
        assert relative_error(load_model(tmp_path / "adapter").forward(IDX)[0], expected) <= 1e-5
    rewrite(tmp_path, base_model_name_or_path="gpt2")
    with pytest.raises(
        FileNotFoundError, match="is an adapter of the model 'gpt2', but there is no such fol"
    ):
        load_model(tmp_path / "adapter")
    rewrite(tmp_path, base_model_name_or_path=None)
    with pytest.raises(ValueError, match="does not say which model the adapter belongs to"):
        load_model(tmp_path / "adapter")
    rewrite(tmp_path, base_model_name_or_path=".")
    with pytest.raises(ValueError, match="another adapter"):
        load_model(tmp_path / "adapter")


def test_a_folder_with_an_adapter_and_a_whole_model_is_refused(tmp_path):
    model = base_in(tmp_path)
    write_adapter(tmp_path, target_modules=["c_attn"])
    model.save_pretrained(tmp_path / "adapter")
    with pytest.raises(ValueError, match="holds an adapter and a whole model"):
        load_model(tmp_path / "adapter")


@pytest.mark.parametrize("n_labels", [2, 3])
def test_the_adapter_of_a_classifier_opens_with_its_scores(tmp_path, n_labels):
    base = base_in(tmp_path)
    torch.manual_seed(0)
    open_base = transformers.AutoModelForSequenceClassification.from_pretrained
    settings = peft.LoraConfig(task_type="SEQ_CLS", r=2, lora_alpha=4, target_modules=["c_attn"])
    theirs = peft.get_peft_model(open_base(tmp_path / "base", num_labels=n_labels), settings).eval()
    for param in theirs.parameters():
        if param.requires_grad:
            param.data += 0.3 * torch.randn_like(param)
    theirs.save_pretrained(tmp_path / "adapter")
    ours = load_model(tmp_path / "adapter")
    assert ours.labels == [f"LABEL_{i}" for i in range(n_labels)] and ours.text_end == ""
    scores = theirs(torch.tensor(IDX[:1])).logits.detach().numpy()
    assert relative_error(ours.forward(IDX[:1])[0], scores) <= 1e-5
    with pytest.raises(ValueError, match="adapter of a classifier"):
        load_adapter(base, tmp_path / "adapter")
