"""A GPT with LoRA adapters: its gradients, its merging, and its files, against torch and peft."""

import dataclasses

import numpy as np
import pytest
from gradients import assert_gradients_equal_finite_differences
from models import SMALL, make_order_one, order_one_gpt

from minigpt import GPT, AdamW, GPTConfig
from minigpt.finetuning.lora import LoRAGPT, load_adapter
from minigpt.finetuning.peft import MATRICES, TARGETS, peft_name, save_adapter
from minigpt.gradcheck import relative_error
from minigpt.layers import IGNORED
from minigpt.training.runner import BatchRunner

B, T = 4, 7
CONFIG = SMALL
CHOICES = pytest.mark.parametrize(
    "targets", [TARGETS, MATRICES, ("attn.c_attn",), ("mlp.c_proj", "attn.c_proj"), ("wte",)], ids="+".join
)
HEADS = pytest.mark.parametrize("tied", [True, False], ids=["tied head", "head of its own"])


def base_of(dtype="float64", scale=1.0, tied=True):
    return order_one_gpt(dataclasses.replace(CONFIG, tie_weights=tied), scale=scale, dtype=dtype)


def adapted_model(targets=TARGETS, dtype="float64", scale=1.0, tied=True):
    """A model whose B is not zero any more: at B = 0 the gradient of A is zero, whatever the formula."""
    model = LoRAGPT(base_of(dtype, scale, tied), rank=3, alpha=4, targets=targets)
    make_order_one(model.trained_params(), seed=4, scale=scale)
    return model


def batch():
    return np.random.default_rng(2).integers(CONFIG.vocab_size, size=(2, B, T))


@HEADS
@CHOICES
def test_gradients_follow_by_the_chain_rule_from_those_of_the_merged_matrices(targets, tied):
    """d(W + s A B): dA = s dW Bᵀ and dB = s Aᵀ dW, where the merged model computes the whole dW."""
    model, (idx, targets_) = adapted_model(targets, tied=tied), batch()
    targets_[0, :4] = IGNORED
    loss, grads = model.loss_and_grads(idx, targets_)
    expected_loss, merged = model.merged().loss_and_grads(idx, targets_)
    assert loss == pytest.approx(float(expected_loss), rel=1e-12)
    assert grads.keys() == model.trained_params().keys()
    for name, grad in grads.items():
        matrix, _, factor = name.rpartition(".lora_")
        dweight = merged[matrix + ".weight"]
        a, b = model.params[matrix + ".lora_A"], model.params[matrix + ".lora_B"]
        expected = model.scale * (dweight @ b.T if factor == "A" else a.T @ dweight)
        assert relative_error(grad, expected) <= 1e-9, name


@HEADS
@CHOICES
def test_gradients_equal_finite_differences(targets, tied):
    model, (idx, targets_) = adapted_model(targets, scale=0.5, tied=tied), batch()
    assert_gradients_equal_finite_differences(
        model.trained_params(), lambda: model.loss_and_grads(idx, targets_)
    )


def test_adapters_begin_at_nothing_with_factors_of_the_size_of_their_inputs_and_all_different():
    """The factor that is not zero keeps the size of what it multiplies: x A is as large as x."""
    model = LoRAGPT(GPT(GPTConfig(50, 8, 2, 4, 64), dtype="float64"), rank=32, alpha=64, seed=3)
    again = LoRAGPT(GPT(GPTConfig(50, 8, 2, 4, 64), dtype="float64"), rank=32, alpha=64, seed=3)
    other = LoRAGPT(GPT(GPTConfig(50, 8, 2, 4, 64), dtype="float64"), rank=32, alpha=64, seed=4)
    factors = {}
    for name in model.adapted_names():
        a, b = (model.params[f"{name}.lora_{factor}"] for factor in "AB")
        zero, factor, width = (a, b, b.shape[1]) if name == "wte" else (b, a, a.shape[0])
        assert not zero.any() and factor.any()
        assert factor.std() == pytest.approx(width**-0.5, rel=0.06), name
        assert abs(factor.mean()) < 0.1 * factor.std()
        factors[name] = factor
        suffix = "lora_B" if name == "wte" else "lora_A"
        assert np.array_equal(factor, again.params[f"{name}.{suffix}"])
        assert not np.array_equal(factor, other.params[f"{name}.{suffix}"])
    first_draws = {round(factor.flat[0] / factor.flat[1], 9) for factor in factors.values()}
    assert len(first_draws) == len(factors) == 9, "each is drawn anew"


def test_gradients_equal_those_of_peft(tmp_path):
    torch, loaded, model = peft_model(tmp_path)
    idx, targets = batch()
    _, grads = model.loss_and_grads(idx, targets)
    logits = loaded(torch.tensor(idx)).logits
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten()).backward()
    found = {
        name.replace(".default", ""): p.grad.numpy().T
        for name, p in loaded.named_parameters()
        if p.grad is not None
    }
    # To peft, table and head have an adapter each, with the same values; here they have one together.
    for factor, at_head in (("A", "B"), ("B", "A")):
        head_grad = found.pop(f"base_model.model.lm_head.lora_{at_head}.weight")
        found[f"base_model.model.transformer.wte.lora_embedding_{factor}"] += head_grad.T
    assert found.keys() == {peft_name(name) for name in grads}
    for name, grad in grads.items():
        assert relative_error(grad, found[peft_name(name)]) <= 1e-9, name


def peft_model(directory):
    """The exported base in transformers, with the exported adapter that peft puts on it, in float64."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    peft = pytest.importorskip("peft")
    model = adapted_model(dtype="float32", scale=0.5)
    base = GPT(CONFIG, params={name: model.params[name] for name in model.base_names})
    base.save_pretrained(directory / "base")
    model.base_name = str(directory / "base")
    save_adapter(model, directory / "adapter")
    reference = transformers.AutoModelForCausalLM.from_pretrained(directory / "base")
    loaded = peft.PeftModel.from_pretrained(reference, directory / "adapter", is_trainable=True)
    for name in model.params:
        model.params[name] = model.params[name].astype("float64")
    return torch, loaded.double().eval(), model


def test_peft_loads_the_adapter_onto_the_exported_base_with_equal_logits(tmp_path):
    torch, loaded, model = peft_model(tmp_path)
    idx, _ = batch()
    logits, _ = model.forward(idx)
    assert relative_error(logits, loaded(torch.tensor(idx)).logits.detach().numpy()) <= 1e-9
    with loaded.disable_adapter():
        base_logits = loaded(torch.tensor(idx)).logits.detach().numpy()
    assert relative_error(logits, base_logits) > 1e-2, "the adapter did nothing"


def test_an_adapter_written_by_peft_opens_here_with_equal_logits(tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    peft = pytest.importorskip("peft")
    base = base_of("float32", scale=0.5)
    base.save_pretrained(tmp_path / "base")
    reference = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    settings = peft.LoraConfig(r=2, lora_alpha=5, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True)
    theirs = peft.get_peft_model(reference, settings)
    generator = torch.Generator().manual_seed(0)
    for name, param in theirs.named_parameters():
        if "lora_" in name:
            param.data = torch.randn(param.shape, generator=generator)
    theirs.save_pretrained(tmp_path / "adapter")
    model = load_adapter(base, tmp_path / "adapter")
    idx, _ = batch()
    expected = theirs.eval()(torch.tensor(idx)).logits.detach().numpy()
    assert relative_error(model.forward(idx)[0], expected) <= 1e-4


@HEADS
@CHOICES
def test_merging_gives_the_same_logits_and_leaves_the_base_as_it_was(targets, tied):
    model, (idx, _) = adapted_model(targets, tied=tied), batch()
    before = {name: param.copy() for name, param in model.params.items()}
    merged = model.merged()
    assert type(merged) is GPT and list(merged.params) == model.base_names
    assert relative_error(merged.forward(idx)[0], model.forward(idx)[0]) <= 1e-11
    for name, param in model.params.items():
        assert np.array_equal(param, before[name]), name


@HEADS
def test_a_new_adapter_changes_nothing_yet(tied):
    base, (idx, _) = base_of(tied=tied), batch()
    model = LoRAGPT(base, rank=2, alpha=4)
    assert np.array_equal(model.forward(idx)[0], base.forward(idx)[0])


@HEADS
def test_training_moves_the_adapters_and_nothing_else(tied):
    model, (idx, targets) = LoRAGPT(base_of("float32", 0.3, tied), rank=2, alpha=4), batch()
    before = {name: param.copy() for name, param in model.params.items()}
    optimizer = AdamW(model.trained_params(), lr=0.05)
    losses = []
    with BatchRunner(model, workers=2, micro_batch=1) as runner:
        for step in range(20):
            loss, grads = runner.loss_and_grads(idx, targets, dropout_key=(0, step))
            optimizer.step(grads, runner.for_each)
            losses.append(loss)
    assert losses[-1] < losses[0] - 0.2
    for name, param in model.params.items():
        assert np.array_equal(param, before[name]) == (name in model.base_names), name


@HEADS
@pytest.mark.parametrize("targets", [("attn.c_attn", "mlp.c_fc"), TARGETS], ids="+".join)
def test_the_adapter_saved_and_loaded_is_the_same(tmp_path, targets, tied):
    model = adapted_model(targets, "float32", tied=tied)
    save_adapter(model, tmp_path)
    again = load_adapter(base_of("float32", tied=tied), tmp_path)
    assert type(again) is GPT and again.config == model.config
    for name, param in model.merged().params.items():
        assert np.array_equal(again.params[name], param), name


def test_a_saved_model_is_the_merged_one_with_the_adapter_in_a_folder_of_its_own(tmp_path):
    model, (idx, _) = adapted_model(dtype="float32"), batch()
    model.save_pretrained(tmp_path)
    assert relative_error(GPT.from_pretrained(tmp_path).forward(idx)[0], model.forward(idx)[0]) <= 1e-5
    assert not (tmp_path / "adapter_config.json").exists()
    assert (tmp_path / "adapter" / "adapter_config.json").exists()


def test_at_rank_8_a_default_model_trains_less_than_a_tenth_of_its_parameters():
    base = GPT(GPTConfig(vocab_size=4096, block_size=128, n_layer=4, n_head=4, n_embd=128))
    model = LoRAGPT(base, rank=8, alpha=16)
    trained = sum(param.size for param in model.trained_params().values())
    in_blocks = 4 * 8 * (4 * 128 + 2 * 128 + 5 * 128 + 5 * 128)  # layers · r · Σ (in + out)
    assert trained == in_blocks + 8 * (4096 + 128)
    assert trained < 0.1 * base.n_params()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rank": 0}, "the LoRA rank is 0 but must be at least 1 and below n_embd, 10"),
        ({"rank": 10}, "the LoRA rank is 10"),
        ({"alpha": 0}, "the LoRA alpha is 0 but must be a positive number"),
        ({"alpha": float("nan")}, "the LoRA alpha is nan"),
        ({"targets": ("attn.query",)}, "LoRA targets are .*attn.query.* but must be of wte, attn.c_attn"),
        ({"targets": ()}, "LoRA targets are missing"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_a_sentence(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        LoRAGPT(base_of(), **({"rank": 2, "alpha": 4} | settings))


def test_a_missing_or_truncated_adapter_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no adapter: there is no adapter_config"):
        load_adapter(base_of(), tmp_path)
    save_adapter(adapted_model(dtype="float32"), tmp_path)
    path = tmp_path / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match="is damaged"):
        load_adapter(base_of("float32"), tmp_path)
