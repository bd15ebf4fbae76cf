"""The sizes of a GPT-2 to config.json and back, and what is refused there, without any oracle."""

import pytest

from minigpt import GPTConfig
from minigpt.interchange.config_file import gpt2_config_json, gpt_config_fields, read_config, settings_of
from minigpt.interchange.files import write_json

CONFIG = GPTConfig(
    vocab_size=61,
    block_size=12,
    n_layer=3,
    n_head=2,
    n_embd=8,
    dropout=0.25,
    tie_weights=False,
    layer_norm_epsilon=1e-4,
)


def read_with(**changes):
    """The GPTConfig of a config.json in which something stands otherwise."""
    return GPTConfig(**gpt_config_fields(gpt2_config_json(CONFIG) | changes))


def test_every_field_comes_back_from_the_file(tmp_path):
    write_json(tmp_path / "config.json", gpt2_config_json(CONFIG))
    assert GPTConfig(**gpt_config_fields(read_config(tmp_path))) == CONFIG


def test_a_size_is_found_under_its_other_name_which_may_not_say_another():
    json_config = gpt2_config_json(CONFIG)
    json_config["hidden_size"] = json_config.pop("n_embd")
    assert GPTConfig(**gpt_config_fields(json_config)) == CONFIG
    assert settings_of(json_config)["n_embd"] == 8 and "hidden_size" not in settings_of(json_config)
    with pytest.raises(ValueError, match="n_embd is 12 but hidden_size, another name of the same, is 8"):
        gpt_config_fields(json_config | {"n_embd": 12})


def test_what_a_classifier_is_besides_counts_as_a_setting():
    labels = {"id2label": {"0": "no", "1": "yes"}, "num_labels": 2, "pad_token_id": 3, "text_end": [3]}
    assert labels.items() <= settings_of(gpt2_config_json(CONFIG) | labels).items()
    assert settings_of({"block_size": 5})["block_size"] == 5, "a bigram model's"


@pytest.mark.parametrize(
    "name, value",
    [
        ("activation_function", "relu"),
        ("activation_function", "gelu"),
        ("activation_function", ["gelu_new"]),
        ("scale_attn_by_inverse_layer_idx", True),
        ("scale_attn_weights", False),
        ("add_cross_attention", True),
        ("n_inner", 17),
        ("quantization_config", {"bits": 4}),
        ("model_type", "llama"),
        ("vocab_size", "many"),
        ("vocab_size", 0),
        ("vocab_size", True),
        ("n_layer", 10**9),
        ("n_layer", 1.5),
        ("layer_norm_epsilon", 0),
        ("layer_norm_epsilon", None),
        ("resid_pdrop", "none"),
        ("tie_word_embeddings", 1),
    ],
)
def test_what_is_not_computed_here_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"^config\.json: {name} is "):
        gpt_config_fields(gpt2_config_json(CONFIG) | {name: value})


def test_other_names_of_the_same_activation_and_the_written_out_inner_width_are_accepted():
    assert read_with(activation_function="gelu_pytorch_tanh", n_inner=4 * CONFIG.n_embd) == CONFIG


def test_heads_that_do_not_share_the_width_out_are_refused():
    with pytest.raises(ValueError, match="heads"):
        read_with(n_head=3)


def test_of_different_dropouts_the_first_counts_with_a_warning():
    with pytest.warns(UserWarning, match="attn_pdrop"):
        assert read_with(attn_pdrop=0.0, resid_pdrop=0.2).dropout == 0.2


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "[" * 100_000, "\ud800", '{"n_layer": ' + "9" * 5000 + "}"]
)
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ValueError, match=r"config\.json"):
        read_config(tmp_path)


def test_a_folder_without_the_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no config\.json in .*: train a model there first"):
        read_config(tmp_path)
