"""Model directories in both directions, with transformers as the oracle, and those that are refused."""

import json

import numpy as np
import pytest
import safetensors.numpy
from models import shaken

from minigpt import GPT, BigramConfig, BigramLM, GPTConfig, generate, load_model
from minigpt.gradcheck import relative_error
from minigpt.interchange.config_file import gpt_config_fields
from minigpt.model import parameter_shapes
from tokenizer import BPETokenizer, CharTokenizer, load_tokenizer

TEXT = "每天早上，小猫都在窗边等太阳。The cat waits for the sun, and the sun comes.\n" * 4
SIZES = {"vocab_size": 61, "n_positions": 12, "n_layer": 3, "n_head": 2, "n_embd": 8}

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def random_ids(vocab_size, *shape):
    return np.random.default_rng(0).integers(0, vocab_size, shape)


def peer_model(model_class=transformers.GPT2LMHeadModel, **settings):
    torch.manual_seed(0)
    config = transformers.GPT2Config(**SIZES | {"bos_token_id": 0, "eos_token_id": 0} | settings)
    model = model_class(config).eval()
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    return model


def peer_logits(model, idx):
    with torch.no_grad():
        return model(torch.tensor(idx)).logits.float().numpy()


def edit_config(directory, **changes):
    path = directory / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(config), encoding="utf-8", newline="\n")


def edit_weights(directory, edit):
    """Rewrite model.safetensors as edit(dict of arrays) has left it."""
    path = directory / "model.safetensors"
    tensors = safetensors.numpy.load_file(path)
    edit(tensors)
    tensors = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    safetensors.numpy.save_file(tensors, path, metadata={"format": "pt"})


@pytest.fixture
def saved(tmp_path):
    """A directory that transformers wrote, and the model in it."""
    model = peer_model()
    model.save_pretrained(tmp_path)
    return tmp_path, model


def assert_equals_peer(directory, peer, tolerance=1e-5):
    model = GPT.from_pretrained(directory)
    idx = random_ids(SIZES["vocab_size"], 2, 12)
    assert relative_error(model.forward(idx)[0], peer_logits(peer, idx)) <= tolerance
    return model


# --- from here to transformers


@pytest.mark.parametrize("tie_weights", [True, False])
@pytest.mark.parametrize("tokenizer_class", [BPETokenizer, CharTokenizer])
def test_transformers_opens_what_we_save_with_the_same_ids_logits_and_greedy_text(
    tmp_path, tie_weights, tokenizer_class
):
    tokenizer = tokenizer_class.train(TEXT, vocab_size=320)
    tokenizer.save(tmp_path)
    model = shaken(GPT(GPTConfig(tokenizer.n_vocab, 48, 2, 2, 16, 0.1, tie_weights)))
    model.save_pretrained(tmp_path)

    peer = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    peer_tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    ids = tokenizer.encode(TEXT)[:20]
    assert peer_tokenizer(TEXT).input_ids[:20] == ids
    assert peer_tokenizer.eos_token_id == peer.config.eos_token_id == tokenizer.eot_token
    assert peer.generation_config.eos_token_id == tokenizer.eot_token
    assert relative_error(model.forward(np.array([ids]))[0], peer_logits(peer, [ids])) <= 1e-5

    out = peer.generate(torch.tensor([ids]), max_new_tokens=25, do_sample=False)[0].tolist()
    ours = generate(model, [ids], 25, temperature=0, stop_token=tokenizer.eot_token)[0].tolist()
    assert len(out) > len(ids)
    assert ours == out
    assert tokenizer.decode(ours) == peer_tokenizer.decode(out)


def test_a_model_without_a_tokenizer_claims_no_end_of_text(tmp_path):
    """By default transformers would take 50256, which is not in a small vocabulary."""
    GPT(GPTConfig(**gpt_config_fields({"model_type": "gpt2"} | SIZES))).save_pretrained(tmp_path)
    peer = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert peer.config.eos_token_id is None and peer.generation_config.eos_token_id is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("tie_weights", [True, False])
def test_a_saved_model_comes_back_to_the_bit(tmp_path, dtype, tie_weights):
    model = GPT(GPTConfig(31, 9, 2, 2, 8, 0.25, tie_weights, 1e-6), dtype=dtype)
    model.save_pretrained(tmp_path)
    again = load_model(tmp_path)
    assert again.config == model.config
    assert list(again.params) == list(model.params)
    for name, param in model.params.items():
        assert again.params[name].dtype == param.dtype
        assert np.array_equal(again.params[name], param)


def test_a_model_may_be_saved_over_the_file_it_is_mapped_from(tmp_path):
    GPT(GPTConfig(31, 9, 2, 2, 8), seed=1).save_pretrained(tmp_path)
    model = GPT.from_pretrained(tmp_path)
    model.params["wpe.weight"][3, 2] = 7
    model.save_pretrained(tmp_path)
    assert GPT.from_pretrained(tmp_path).params["wpe.weight"][3, 2] == 7


def test_a_bigram_model_comes_back(tmp_path):
    CharTokenizer.train("abc").save(tmp_path)
    model = BigramLM(BigramConfig(4, 8), seed=3)
    model.save_pretrained(tmp_path)
    again = load_model(tmp_path)
    assert type(again) is BigramLM and again.config == model.config
    assert np.array_equal(again.params["table.weight"], model.params["table.weight"])


# --- from transformers to here


def test_the_logits_are_those_of_transformers(saved):
    assert_equals_peer(*saved)


def test_names_without_the_prefix_are_understood(tmp_path):
    peer = peer_model()
    peer.transformer.save_pretrained(tmp_path)
    names = safetensors.numpy.load_file(tmp_path / "model.safetensors")
    assert "wte.weight" in names  # as in the file that the first GPT-2 came in
    assert_equals_peer(tmp_path, peer)


def test_an_untied_head_is_read_and_a_missing_one_is_an_error(tmp_path):
    peer = peer_model(tie_word_embeddings=False)
    peer.save_pretrained(tmp_path)
    assert not assert_equals_peer(tmp_path, peer).config.tie_weights
    edit_weights(tmp_path, lambda tensors: tensors.pop("lm_head.weight"))
    with pytest.raises(ValueError, match=r"no array lm_head\.weight"):
        GPT.from_pretrained(tmp_path)


def test_a_stored_head_that_equals_the_token_table_stays_tied(saved):
    directory, peer = saved
    edit_weights(directory, lambda t: t.update({"lm_head.weight": t["transformer.wte.weight"].copy()}))
    model = assert_equals_peer(directory, peer)
    assert model.config.tie_weights and "lm_head.weight" not in model.params


def test_a_stored_head_that_differs_counts_even_if_config_json_ties(saved):
    directory, _ = saved
    edit_weights(directory, lambda t: t.update({"lm_head.weight": 2 * t["transformer.wte.weight"]}))
    peer = transformers.AutoModelForCausalLM.from_pretrained(directory)
    assert not assert_equals_peer(directory, peer).config.tie_weights


def test_mask_buffers_are_ignored(saved):
    directory, peer = saved

    def add_buffers(tensors):
        for i in range(3):
            tensors[f"transformer.h.{i}.attn.bias"] = np.tril(np.ones((1, 1, 12, 12), dtype=np.uint8))
            tensors[f"transformer.h.{i}.attn.masked_bias"] = np.array(-1e4, dtype=np.float32)

    edit_weights(directory, add_buffers)
    assert_equals_peer(directory, peer)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_widened_exactly(tmp_path, dtype):
    peer = peer_model().to(getattr(torch, dtype))
    peer.save_pretrained(tmp_path)
    model = assert_equals_peer(tmp_path, peer.float())
    for name, param in model.params.items():
        assert param.dtype == np.float32
        assert np.array_equal(param, peer.state_dict()["transformer." + name].numpy())


def test_shards_are_put_together(tmp_path):
    peer = peer_model()
    peer.save_pretrained(tmp_path, max_shard_size="4KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 2
    assert_equals_peer(tmp_path, peer)


def test_what_transformers_loaded_from_us_and_saved_again_is_what_we_saved(tmp_path):
    ours = GPT(GPTConfig(61, 12, 2, 2, 8), seed=5)
    ours.save_pretrained(tmp_path / "ours")
    transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours").save_pretrained(tmp_path / "theirs")
    again = GPT.from_pretrained(tmp_path / "theirs")
    assert all(np.array_equal(again.params[name], param) for name, param in ours.params.items())


@pytest.mark.parametrize(
    "layers, heads, width", [(12, 12, 768), (24, 16, 1024), (36, 20, 1280), (48, 25, 1600), (6, 12, 768)]
)
def test_every_published_size_has_our_names_and_shapes(layers, heads, width):
    """gpt2, medium, large, xl and distilgpt2, as shapes without numbers."""
    peer_config = transformers.GPT2Config(n_layer=layers, n_head=heads, n_embd=width)
    with torch.device("meta"):
        peer = transformers.GPT2LMHeadModel(peer_config)
    config = GPTConfig(**gpt_config_fields(json.loads(peer_config.to_json_string(use_diff=False))))
    expected = {name.removeprefix("transformer."): tuple(p.shape) for name, p in peer.named_parameters()}
    assert parameter_shapes(config) == expected


def test_opening_maps_the_file_and_copies_nothing(saved):
    directory, _ = saved
    before = (directory / "model.safetensors").read_bytes()
    model = GPT.from_pretrained(directory)
    for param in model.params.values():
        assert not param.flags.owndata and param.flags.writeable and param.flags.aligned
        param += 1  # training may change them, the file stays
    assert (directory / "model.safetensors").read_bytes() == before


def test_the_tokenizer_of_a_directory_comes_with_its_model(saved):
    directory, _ = saved
    tokenizer = CharTokenizer.train("ab\n")
    tokenizer.save(directory)
    assert load_tokenizer(directory).encode("ab") == tokenizer.encode("ab")


# --- what is refused


def test_other_names_of_the_same_activation_and_the_written_out_inner_width_are_accepted(saved):
    directory, peer = saved
    edit_config(directory, activation_function="gelu_pytorch_tanh", n_inner=4 * SIZES["n_embd"])
    assert_equals_peer(directory, peer)


def test_settings_that_config_json_leaves_out_are_those_of_transformers(saved):
    directory, peer = saved
    path = directory / "config.json"
    path.write_text(json.dumps({"model_type": "gpt2"} | SIZES), encoding="utf-8", newline="\n")
    assert assert_equals_peer(directory, peer).config.dropout == 0.1


def test_transposed_matrices_are_recognised_by_their_shape(saved):
    directory, _ = saved

    def transpose(tensors):
        for name, value in tensors.items():
            if "c_" in name and value.ndim == 2:
                tensors[name] = value.T

    edit_weights(directory, transpose)
    with pytest.raises(ValueError, match=r"h\.0\.attn\.c_attn\.weight .* stored transposed, \(24, 8\)"):
        GPT.from_pretrained(directory)


@pytest.mark.parametrize(
    "edit, message",
    [
        (lambda t: t.pop("transformer.h.1.ln_2.bias"), r"no array h\.1\.ln_2\.bias"),
        (lambda t: t.update({"transformer.wpe.weight": np.ones((11, 8), "f4")}), r"wpe\.weight .*\(11, 8\)"),
        (lambda t: t.update({"score.weight": np.ones((2, 8), "f4")}), r"score\.weight"),
        (lambda t: t.update({"transformer.h.3.ln_1.bias": np.ones(8, "f4")}), r"h\.3\.ln_1\.bias"),
        (lambda t: t.update({"wte.weight": np.ones((61, 8), "f4")}), r"wte\.weight.* has already"),
        (lambda t: t.update({"transformer.ln_f.bias": np.ones(8, "i4")}), "as I32"),
    ],
)
def test_weights_that_do_not_fit_the_config_are_refused_by_name(saved, edit, message):
    directory, _ = saved
    edit_weights(directory, edit)
    with pytest.raises(ValueError, match=message):
        GPT.from_pretrained(directory)


def test_a_pickle_is_refused_with_a_line_that_converts_it(tmp_path):
    peer = peer_model()
    peer.config.architectures = ["GPT2LMHeadModel"]
    peer.config.save_pretrained(tmp_path)
    torch.save(peer.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"pytorch_model\.bin, a pickle") as refusal:
        GPT.from_pretrained(tmp_path)
    line = str(refusal.value).split('python -c "')[1].rstrip('"')
    exec(line)
    assert_equals_peer(tmp_path, peer)


@pytest.mark.parametrize(
    "weight_map",
    [None, {}, [], {"a": 1}, {"a": "../model.safetensors"}, {"a": "/etc/passwd"}, {"a": "b.bin"}],
)
def test_an_index_that_names_anything_but_its_own_shards_is_refused(saved, weight_map):
    directory, _ = saved
    (directory / "model.safetensors").unlink()
    index = json.dumps({"weight_map": weight_map})
    (directory / "model.safetensors.index.json").write_text(index, encoding="utf-8", newline="\n")
    with pytest.raises(ValueError, match=r"index\.json"):
        GPT.from_pretrained(directory)


def test_missing_files_are_named(saved, tmp_path_factory):
    directory, _ = saved
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        GPT.from_pretrained(tmp_path_factory.mktemp("empty"))
    (directory / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors"):
        GPT.from_pretrained(directory)
    index = json.dumps({"weight_map": {"wte.weight": "model-1.safetensors"}})
    (directory / "model.safetensors.index.json").write_text(index, encoding="utf-8", newline="\n")
    with pytest.raises(FileNotFoundError, match=r"model-1\.safetensors"):
        GPT.from_pretrained(directory)


# --- what other tools leave in a checkpoint


@pytest.mark.parametrize(
    "wrapped", ["_orig_mod.{}", "module.{}", "module._orig_mod.{}", "transformer._orig_mod.{}"]
)
def test_names_as_compile_and_parallel_training_leave_them_are_read_with_a_note(saved, wrapped):
    directory, peer = saved

    def rename(tensors):
        for name in list(tensors):
            tensors[wrapped.format(name.removeprefix("transformer.") if "r._" in wrapped else name)] = (
                tensors.pop(name)
            )

    edit_weights(directory, rename)
    with pytest.warns(UserWarning, match="named as torch.compile or DataParallel leave them"):
        assert_equals_peer(directory, peer)


def test_a_model_without_biases_is_one_whose_biases_are_zero(saved):
    directory, _ = saved
    edit_weights(directory, lambda t: [t.pop(name) for name in list(t) if name.endswith(".bias")])
    peer = transformers.AutoModelForCausalLM.from_pretrained(directory).eval()
    with pytest.warns(UserWarning, match="is a model without biases: they are taken to be zero"):
        model = assert_equals_peer(directory, peer)
    assert not model.params["h.1.mlp.c_fc.bias"].any()


def test_a_value_head_is_left_out_with_a_note(saved):
    directory, peer = saved
    edit_weights(directory, lambda t: t.update({"v_head.summary.weight": np.ones((1, 8), "f4")}))
    with pytest.warns(UserWarning, match="the value head"):
        assert_equals_peer(directory, peer)


def test_sizes_by_their_other_names_are_read(saved):
    directory, peer = saved
    path = directory / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    other = {"n_embd": "hidden_size", "n_layer": "num_hidden_layers", "n_head": "num_attention_heads"}
    other["n_positions"] = "max_position_embeddings"
    config = {other.get(name, name): value for name, value in config.items()}
    path.write_text(json.dumps(config), encoding="utf-8", newline="\n")
    assert_equals_peer(directory, peer)
    edit_config(directory, n_embd=12)
    with pytest.raises(ValueError, match="n_embd is 12 but hidden_size, another name of the same, is 8"):
        GPT.from_pretrained(directory)


@pytest.mark.parametrize("head", ["TokenClassification", "QuestionAnswering"])
def test_other_heads_are_refused_by_name(tmp_path, head):
    peer_model(getattr(transformers, f"GPT2For{head}")).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=f"the architecture is GPT2For{head}"):
        load_model(tmp_path)


def test_a_model_says_the_end_of_text_of_its_tokenizer(tmp_path):
    tokenizer = BPETokenizer.train(TEXT, vocab_size=300)
    special = {"</s>": tokenizer.eot_token}
    tokenizer = BPETokenizer(tokenizer.mergeable_ranks, tokenizer.merges, special)
    tokenizer.end_of_text = "</s>"
    tokenizer.save(tmp_path)
    GPT(GPTConfig(tokenizer.n_vocab, 9, 1, 2, 8)).save_pretrained(tmp_path)
    for name in ("config.json", "generation_config.json"):
        config = json.loads((tmp_path / name).read_text(encoding="utf-8"))
        assert config["eos_token_id"] == tokenizer.eot_token
    assert load_tokenizer(tmp_path).end_of_text == "</s>"
