"""Every flag of train.py shows its effect: a flag that is parsed and then ignored turns a test red."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scripts import refusal, run_main

import train
from minigpt import GPT, RNN, AdamW, BigramLM, GPTConfig, Muon, RNNConfig, clip_grad_norm, load_model
from minigpt.finetuning.classifier import BalancedLabels
from minigpt.finetuning.lora import LoRAGPT
from minigpt.tasks import TASKS, ChatTask, InstructTask
from minigpt.tasks.arguments import train_arguments, train_parser
from minigpt.training.log import read_lines
from minigpt.training.runner import BatchRunner
from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer, load_tokenizer

TEXT = "the cat sat on the mat and the dog sat on the log\n\n" * 30
OF_A_BASE = "--batch-size 2 --eval-iters 1 --workers 1".split()
SMALL = [*"--tokenizer char --n-layer 1 --n-head 2 --n-embd 8 --block-size 8".split(), *OF_A_BASE]
SHORT = "--max-iters 2 --eval-interval 0 --warmup-iters 0".split()


def write(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A text, records for tasks, and in "base" a small GPT with its tokenizer."""
    folder = tmp_path_factory.mktemp("flags")
    write(folder / "text.txt", TEXT)
    rows = [f"{label}\t{label} {i} calls you now" for i in range(12) for label in ("ham", "spam")]
    write(folder / "even.tsv", "\n".join(rows) + "\n")
    write(folder / "uneven.tsv", "\n".join(rows + [f"ham\tmore {i}" for i in range(12)]) + "\n")
    write(folder / "chat.txt", "\n\n".join(f"Hi {i}\nHello {i}!" for i in range(12)))
    pairs = [{"prompt": f"Hi {i}", "chosen": f"Hello {i}", "rejected": "no"} for i in range(12)]
    write(folder / "prefer.jsonl", "".join(json.dumps(pair) + "\n" for pair in pairs))
    asked = [{"instruction": f"Greet {i}", "output": f"Hello {i}"} for i in range(12)]
    write(folder / "instruct.jsonl", "".join(json.dumps(record) + "\n" for record in asked))
    tokenizer = CharTokenizer.train(TEXT + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!")
    tokenizer.save(folder / "base")
    GPT(GPTConfig(tokenizer.n_vocab, 32, 3, 2, 8), seed=5).save_pretrained(folder / "base")
    return folder


@pytest.fixture
def run(folder, tmp_path, monkeypatch):
    """run(flags…) trains, and gives back what was made on the way."""

    def observed_run(*flags, data="text.txt", small=True, out=None):
        seen = SimpleNamespace(limits=[], batches=[], keys=[], losses=0, backends=[])

        def noted(kind):
            class Noted(kind):
                def __init__(self, *args, **settings):
                    super().__init__(*args, **settings)
                    seen.optimizer = self
                    seen.first = {name: param.copy() for name, param in self.params.items()}

            return Noted

        class NotedRunner(BatchRunner):
            def __init__(self, model, workers=None, micro_batch=None):
                super().__init__(model, workers, micro_batch)
                seen.__dict__.setdefault("runner", self)

            def loss_and_grads(self, *batch, dropout_key=None):
                seen.batches.append(batch)
                seen.keys.append(dropout_key)
                return super().loss_and_grads(*batch, dropout_key=dropout_key)

            def loss(self, *batch):
                seen.losses += len(batch[0]) if not seen.batches else 0  # of the first evaluation
                return super().loss(*batch)

        def noted_clip(grads, max_norm, total):
            norm = clip_grad_norm(grads, max_norm, total)
            seen.limits.append(max(float(np.abs(grad).max()) for grad in grads.values()))
            return norm

        monkeypatch.setattr(train, "AdamW", noted(AdamW))
        monkeypatch.setattr(train, "Muon", noted(Muon))

        def noted_runner_for(n_batches, *settings):
            seen.n_batches = n_batches
            return NotedRunner(*settings)

        monkeypatch.setattr(train, "BatchRunner", NotedRunner)
        monkeypatch.setattr(train, "runner_for", noted_runner_for)
        monkeypatch.setattr(train, "clip_grad_norm", noted_clip)
        monkeypatch.setattr(train, "draw_loss_curve", lambda path, log: None)
        monkeypatch.setattr(train, "use_backend", seen.backends.append)
        for name, task in TASKS.items():
            monkeypatch.setitem(TASKS, name, silent(task, seen))
        out = tmp_path / f"out{len(list(tmp_path.iterdir()))}" if out is None else out
        given = ["--data", folder / data, "--out", out, *(SMALL if small else OF_A_BASE), *SHORT, *flags]
        seen.printed = run_main(train.main, *given)[0]
        seen.out, seen.lines = out, read_lines(out / "metrics.jsonl")
        return seen

    return observed_run


def silent(task_class, seen):
    """The task, noted, and without samples at the end."""
    task_class = getattr(task_class, "loud", task_class)

    class Silent(task_class):
        loud = task_class

        def __init__(self, args):
            super().__init__(args)
            seen.task, seen.args = self, args

        def show(self, model):
            pass

    return Silent


def from_base(folder, *more):
    return ["--init-from", folder / "base", *more]


# --- data and output


def test_data_is_what_is_trained_on(run, folder, tmp_path):
    other = write(tmp_path / "other.txt", "xyz! " * 200)
    seen = run("--data", folder / "text.txt", other)
    assert sorted(seen.task.tokenizer.vocabulary) == sorted(set(TEXT + "xyz! "))
    ids = seen.task.corpus.train.tolist()
    assert seen.task.tokenizer.decode(ids).count("xyz!") == 180 and "the cat" in seen.task.tokenizer.decode(
        ids
    )


def test_out_is_where_the_model_lies(run):
    seen = run()
    assert isinstance(load_model(seen.out), GPT)


@pytest.mark.parametrize(
    ("name", "kind"), [("bpe", BPETokenizer), ("char", CharTokenizer), ("word", WordTokenizer)]
)
def test_tokenizer_and_vocab_size_decide_the_tokens(run, name, kind):
    size = {"bpe": 265, "char": 999, "word": 9}[name]
    seen = run("--tokenizer", name, "--vocab-size", size)
    assert type(seen.task.tokenizer) is type(load_tokenizer(seen.out)) is kind
    assert seen.task.tokenizer.n_vocab == {"bpe": 265, "char": len(set(TEXT)) + 1, "word": 9}[name]


def test_unk_takes_characters_that_are_not_in_the_vocabulary(run):
    assert "<|unk|>" not in run().task.tokenizer.special_tokens
    tokenizer = run("--unk").task.tokenizer
    assert tokenizer.encode("a力") == [tokenizer.encode("a")[0], tokenizer.special_tokens["<|unk|>"]]
    assert run("--unk", "--vocab-size", 9).task.tokenizer.n_vocab == 9


@pytest.mark.parametrize("kind", ["bpe", "word"])
def test_unk_is_refused_where_it_means_nothing(kind):
    assert "--unk is for --tokenizer char" in refusal(train.main, "--tokenizer", kind, "--unk")


def test_init_from_is_where_the_weights_begin(run, folder):
    seen = run(*from_base(folder), small=False)
    for name, param in load_model(folder / "base").params.items():
        assert np.array_equal(seen.first[name], param), name
    assert seen.task.tokenizer.n_vocab == load_tokenizer(folder / "base").n_vocab


def test_presets_are_what_they_are_named_after_and_other_flags_change_them():
    """The setting for a CPU in nanoGPT's README, and the faster one."""
    args = train_arguments(["--preset", "shakespeare-char-cpu"])
    assert (args.tokenizer, args.n_layer, args.n_head, args.n_embd, args.block_size) == (
        "char",
        4,
        4,
        128,
        64,
    )
    assert (args.batch_size, args.max_iters, args.dropout, args.grad_clip) == (12, 2000, 0.0, 1.0)
    assert (args.learning_rate, args.min_lr, args.warmup_iters) == (1e-3, 1e-4, 100)
    assert (args.weight_decay, args.beta1, args.beta2) == (0.1, 0.9, 0.99)
    assert args.optimizer == "adamw"
    fast = train_arguments(["--preset", "shakespeare-char-cpu-fast", "--batch-size", "13"])
    assert (fast.n_layer, fast.n_head, fast.n_embd, fast.block_size) == (4, 4, 96, 80)
    assert (fast.batch_size, fast.max_iters, fast.warmup_iters) == (13, 2400, 30)
    assert train_arguments(["--preset", "shakespeare-char-cpu-fast"]).batch_size == 10
    assert (fast.learning_rate, fast.min_lr, fast.momentum, fast.beta2) == (2e-2, 0, 0.85, 0.95)
    assert fast.optimizer == "muon"


def test_resume_goes_on_from_the_last_save_with_the_flags_of_the_run(run):
    seen = run("--max-iters", 3, "--learning-rate", 0.004)
    again = run("--resume", "--max-iters", 5, out=seen.out)
    lines = read_lines(seen.out / "metrics.jsonl")
    assert len(again.batches) == 2 and [line["step"] for line in lines] == list(range(6))
    assert (seen.n_batches, again.n_batches) == (3, 2)  # by which threads or processes are chosen
    assert again.args.learning_rate == 0.004
    assert again.optimizer.n_steps == 5


def test_eval_only_measures_and_changes_nothing(run, folder):
    seen = run()
    before = {path.name: path.read_bytes() for path in seen.out.iterdir() if path.is_file()}
    printed = run_main(train.main, "--data", folder / "text.txt", "--out", seen.out, "--eval-only")[0]
    assert "validation loss" in printed and printed.strip() in seen.printed
    assert before == {path.name: path.read_bytes() for path in seen.out.iterdir() if path.is_file()}


# --- task


@pytest.mark.parametrize(
    ("task", "data", "measured"),
    [
        ("fill", "text.txt", {"val_loss"}),
        ("classify", "even.tsv", {"val_loss", "val_accuracy", "val_error"}),
        ("instruct", "instruct.jsonl", {"val_loss"}),
        ("chat", "chat.txt", {"val_loss"}),
        ("prefer", "prefer.jsonl", {"val_loss", "val_margin", "val_accuracy"}),
    ],
)
def test_task_is_what_is_learned(run, folder, task, data, measured):
    seen = run(
        "--task", task, *([] if task == "fill" else from_base(folder)), data=data, small=task == "fill"
    )
    assert isinstance(seen.task, TASKS[task].loud) and TASKS[task].loud.__name__ == f"{task.capitalize()}Task"
    assert measured | {"step"} == seen.lines[-1].keys()
    assert isinstance(seen.task, ChatTask) == (task == "chat")
    assert isinstance(seen.task, InstructTask) == (task == "instruct")


@pytest.mark.parametrize(
    ("task", "count"), [("fill", 128), ("classify", 32), ("instruct", 16), ("chat", 16), ("prefer", 16)]
)
def test_a_task_has_defaults_of_its_own(task, count):
    args = train_arguments(["--task", task])
    assert (args.batch_size, args.out) == (count, f"out-{task}")
    assert all(task in path or "messages" in path or "s_" in path for path in args.data)
    assert train_arguments([]).batch_size == 4 and train_arguments([]).out == "out"
    assert train_arguments(["--task", "classify"]).augment == 0.25


def test_an_rnn_has_defaults_of_its_own():
    args = train_arguments(["--model", "rnn"])
    assert (args.tokenizer, args.out, args.learning_rate, args.n_embd) == ("char", "out-rnn", 6e-3, 256)


def test_a_bigram_model_has_defaults_of_its_own():
    args = train_arguments(["--model", "bigram"])
    assert (args.tokenizer, args.out, args.learning_rate, args.weight_decay) == (
        "char",
        "out-bigram",
        0.1,
        0.0,
    )


def test_trainable_last_moves_the_last_block_alone(run, folder):
    seen = run(*from_base(folder, "--trainable", "last"), small=False)
    assert {name.split(".")[0] for name in seen.optimizer.params} == {"h", "ln_f"}
    assert {name.split(".")[1] for name in seen.optimizer.params if name.startswith("h.")} == {"2"}
    assert "of which" in seen.printed
    everything = run(*from_base(folder, "--trainable", "all"), small=False)
    assert everything.optimizer.params.keys() == load_model(folder / "base").params.keys()


def test_lora_rank_alpha_and_targets_decide_the_adapters(run, folder):
    seen = run(*from_base(folder, "--lora-rank", 2, "--lora-targets", "mlp.c_fc", "wte"), small=False)
    assert isinstance(seen.task.model, LoRAGPT)
    assert (seen.task.model.rank, seen.task.model.alpha) == (2, 16), "8 R where no α is given"
    assert seen.task.model.base_name == str(folder / "base")
    matrices = {name.rpartition(".")[0] for name in seen.optimizer.params}
    assert matrices == {"wte", "h.0.mlp.c_fc", "h.1.mlp.c_fc", "h.2.mlp.c_fc"}
    assert seen.optimizer.params["wte.lora_A"].shape[1] == 2
    seen = run(*from_base(folder, "--lora-rank", 3, "--lora-alpha", 6), small=False)
    assert (seen.task.model.rank, seen.task.model.alpha, seen.task.model.scale) == (3, 6, 2)
    assert len(seen.optimizer.params) == 2 * (1 + 3 * 4), "all of them by default"
    assert seen.optimizer.betas == (0.9, 0.999)


def test_balance_drops_rows_or_weighs_the_loss(run, folder):
    start = ["--task", "classify", *from_base(folder)]
    plain, dropped, weighed = (
        run(*start, *flags, data="uneven.tsv", small=False)
        for flags in ([], ["--balance", "drop"], ["--balance", "weights"])
    )
    counts = [
        sum(map(len, (seen.task.train, seen.task.validation, seen.task.test))) for seen in (plain, dropped)
    ]
    assert counts == [36, 24]
    assert plain.runner.model is plain.task.model
    assert isinstance(weighed.runner.model, BalancedLabels)
    assert weighed.runner.model.weights.tolist() == pytest.approx([36 / (2 * 24), 36 / (2 * 12)])


def test_augment_varies_texts_anew_at_each_step(run, folder):
    start = ["--task", "classify", *from_base(folder), "--batch-size", 24]
    plain = run(*start, "--augment", 0, data="even.tsv", small=False)
    varied = run(*start, "--augment", 0.9, data="even.tsv", small=False)
    widths = [[batch[0].shape[1] for batch in seen.batches] for seen in (plain, varied)]
    assert widths[0] == [22, 22], "“spam 10 calls you now” and its line end"
    texts = [sorted(map(bytes, batch[0].tolist())) for batch in varied.batches]
    assert texts[0] != texts[1]
    assert widths[1] != widths[0]


def test_dpo_beta_is_the_losses(run, folder):
    seen = run("--task", "prefer", *from_base(folder, "--dpo-beta", 0.7), data="prefer.jsonl", small=False)
    assert seen.runner.model.beta == 0.7


# --- model


def test_the_sizes_are_the_models(run):
    seen = run(*"--n-layer 3 --n-head 4 --n-embd 12 --block-size 7 --dropout 0.25".split())
    n_vocab = len(set(TEXT)) + 1
    assert seen.task.model.config == GPTConfig(n_vocab, 7, 3, 4, 12, dropout=0.25)
    assert seen.batches[0][0].shape == (2, 7)


def test_model_is_the_kind(run):
    assert isinstance(run("--model", "bigram", *OF_A_BASE, small=False).task.model, BigramLM)
    rnn = run("--model", "rnn", "--n-embd", 12, "--block-size", 9, *OF_A_BASE, small=False).task.model
    assert isinstance(rnn, RNN) and rnn.config == RNNConfig(len(set(TEXT)) + 1, 9, 12)


@pytest.mark.parametrize("base", [False, True])
def test_dropout_changes_the_gradients_with_and_without_a_base(run, folder, base):
    start, small = (from_base(folder), False) if base else ([], True)
    plain, dropped = (run(*start, "--dropout", p, "--eval-interval", 9, small=small) for p in (0.0, 0.3))
    assert dropped.task.model.config.dropout == 0.3 and plain.task.model.config.dropout == 0
    assert np.array_equal(plain.batches[0][0], dropped.batches[0][0])
    assert plain.lines[0]["grad_norm"] != dropped.lines[0]["grad_norm"]
    assert plain.lines[0]["val_loss"] == dropped.lines[0]["val_loss"], "none where it is measured"


# --- optimisation


def test_batch_size_and_grad_accum_are_the_sequences_of_a_step(run, folder):
    assert {idx.shape for idx, _ in run("--batch-size", 3).batches} == {(3, 8)}
    assert {idx.shape for idx, _ in run("--batch-size", 3, "--grad-accum", 2).batches} == {(6, 8)}
    flags = ["--task", "chat", *from_base(folder), "--batch-size", 1, "--grad-accum", 2]
    seen = run(*flags, data="chat.txt", small=False)
    assert [len(batch[0]) for batch in seen.batches] == [2, 2]
    order = [seen.task.batches.of_step(i).tolist() for i in range(4)]
    assert len({row for rows in order for row in rows}) == 4, "no batch comes twice"
    for step, batch in enumerate(seen.batches):
        rows = [seen.task.train[row] for row in order[2 * step] + order[2 * step + 1]]
        assert np.array_equal(batch[0], seen.task.collate(rows)[0])


def test_the_learning_rate_rises_over_the_warmup_and_falls_to_its_least(run):
    flags = "--max-iters 5 --learning-rate 0.02 --min-lr 0.004 --warmup-iters 2".split()
    rates = [line["lr"] for line in run(*flags).lines[:-1]]
    falling = [0.004 + 0.016 * (1 + math.cos(math.pi * done / 3)) / 2 for done in (0, 1, 2)]
    np.testing.assert_allclose(rates, [0.02 / 3, 0.04 / 3, *falling], rtol=1e-12)


def test_max_iters_is_the_number_of_steps(run):
    seen = run("--max-iters", 3)
    assert seen.optimizer.n_steps == len(seen.batches) == 3 and seen.lines[-1]["step"] == 3


def test_optimizer_is_what_moves_the_matrices_of_the_blocks(run, folder):
    adamw, muon = run("--optimizer", "adamw"), run("--optimizer", "muon")
    assert (type(adamw.optimizer).__bases__, type(muon.optimizer).__bases__) == ((AdamW,), (Muon,))
    assert adamw.optimizer.v.keys() - muon.optimizer.v.keys() == muon.optimizer.orthogonal
    assert len(muon.optimizer.orthogonal) == 4
    tuned = run("--optimizer", "muon", *from_base(folder, "--trainable", "last"), small=False)
    assert {name[:4] for name in tuned.optimizer.orthogonal} == {"h.2."}


def test_weight_decay_and_betas_are_the_optimisers(run):
    optimizer = run(*"--weight-decay 0.3 --beta1 0.7 --beta2 0.8".split()).optimizer
    assert (optimizer.weight_decay, optimizer.betas) == (0.3, (0.7, 0.8))


def test_momentum_is_muons(run):
    assert run("--optimizer", "muon", "--momentum", 0.7).optimizer.momentum == 0.7
    assert run("--optimizer", "muon").optimizer.momentum == 0.95


def test_grad_clip_limits_the_gradient(run):
    free, clipped = run("--grad-clip", 0), run("--grad-clip", 0.001)
    assert free.lines[0]["grad_norm"] == clipped.lines[0]["grad_norm"] > 0.01, "the norm before"
    assert clipped.limits[0] <= 0.001 < free.limits[0]
    ratio = free.limits[0] / clipped.limits[0]
    assert ratio == pytest.approx(free.lines[0]["grad_norm"] / 0.001, rel=1e-4)


# --- evaluation and machine


def test_eval_interval_is_the_steps_between_evaluations(run):
    def evaluated(interval):
        lines = run("--max-iters", 4, "--eval-interval", interval).lines
        return [line["step"] for line in lines if "val_loss" in line]

    assert evaluated(3) == [0, 3, 4] and evaluated(2) == [0, 2, 4] and evaluated(0) == [4]


def test_eval_iters_is_the_number_of_validation_batches(run, folder):
    assert run("--eval-interval", 9, "--eval-iters", 3).losses == 6
    flags = ["--task", "classify", *from_base(folder), "--eval-interval", 9, "--batch-size", 1]
    assert run(*flags, "--eval-iters", 2, data="even.tsv", small=False).losses == 2


def test_the_seed_decides_weights_batches_and_dropout(run):
    one, same, other = (run("--seed", seed, "--dropout", 0.1) for seed in (3, 3, 4))
    name = "h.0.mlp.c_fc.weight"
    assert np.array_equal(one.first[name], same.first[name])
    assert not np.array_equal(one.first[name], other.first[name])
    assert np.array_equal(one.batches[1][0], same.batches[1][0])
    assert not np.array_equal(one.batches[1][0], other.batches[1][0])
    assert not np.array_equal(one.batches[0][0], one.batches[1][0])
    assert (one.keys, other.keys) == ([(3, 0), (3, 1)], [(4, 0), (4, 1)])
    one, other = (run("--seed", seed, "--model", "bigram", *OF_A_BASE, small=False) for seed in (3, 4))
    assert not np.array_equal(one.first["table.weight"], other.first["table.weight"])
    one, other = (run("--seed", seed, "--model", "rnn", *OF_A_BASE, small=False) for seed in (3, 4))
    assert not np.array_equal(one.first["rnn.Wh"], other.first["rnn.Wh"])


def test_the_seed_decides_adapters_and_the_order_of_records(run, folder):
    flags = ["--task", "chat", *from_base(folder), "--lora-rank", 2, "--batch-size", 1]
    one, other = (run(*flags, "--seed", seed, data="chat.txt", small=False) for seed in (3, 4))
    name = "h.0.mlp.c_fc.lora_A"
    assert not np.array_equal(one.first[name], other.first[name])
    lists = [[seen.task.batches.of_step(i).tolist() for i in range(8)] for seen in (one, other)]
    assert lists[0] != lists[1]
    texts = [[str(example[-1].fields) for example in seen.task.train] for seen in (one, other)]
    assert texts[0] != texts[1], "other records to train on"


def test_workers_and_micro_batch_are_the_runners(run):
    runner = run("--workers", 3, "--micro-batch", 1).runner
    assert (runner.workers, runner.micro_batch) == (3, 1)


def test_backend_is_chosen_before_anything_is_made(run):
    assert run("--backend", "numpy").backends == ["numpy"] and run().backends == [None]


# --- what is a document, what is held back, and how records are read


def test_documents_parts_the_text_and_val_share_is_how_many_are_held_back(run, folder, tmp_path):
    names = write(tmp_path / "names.txt", "".join(f"name{i}\n" for i in range(40)))
    for share, held_back in ((0.1, 4), (0.5, 20)):
        seen = run("--data", names, "--documents", "lines", "--val-share", share)
        text = seen.task.tokenizer.decode(seen.task.corpus.validation.tolist())
        assert text.count("name") == held_back and "\n" not in text
    whole = run("--data", names)
    assert whole.task.tokenizer.decode(whole.task.corpus.validation.tolist()).count("\n") > 1


def test_val_data_is_what_is_validated_on(run, tmp_path):
    other = write(tmp_path / "other.txt", "on the dog " * 9)
    seen = run("--val-data", other)
    held_back, trained = (
        seen.task.tokenizer.decode(tokens.tolist())
        for tokens in (seen.task.corpus.validation, seen.task.corpus.train)
    )
    assert held_back.startswith("on the dog on the dog") and trained.startswith(TEXT)


def test_strict_ends_the_run_at_a_bad_record(run, folder, tmp_path):
    good = (folder / "instruct.jsonl").read_text(encoding="utf-8")
    path = write(tmp_path / "bad.jsonl", good + '{"instruction": "Greet", "output": ""}\n')
    flags = ["--task", "instruct", *from_base(folder), "--data", path]
    assert "bad.jsonl:13" in run(*flags, small=False).printed
    given = [*flags, "--strict", "--out", tmp_path / "none", *SHORT]
    assert "bad.jsonl:13" in run_main(train.main, *given, status=2)[1]


def test_label_and_text_columns_are_the_ones_named(run, folder, tmp_path):
    rows = [f"{i},ham,{label} {i},{label}" for i in range(12) for label in ("one", "two")]
    path = write(tmp_path / "x.csv", "\n".join(["id,class,said,kind", *rows]))
    columns = ["--label-column", "kind", "--text-column", "said"]
    seen = run("--task", "classify", *from_base(folder), *columns, "--data", path, small=False)
    assert seen.task.model.labels == ["one", "two"]
    assert seen.task.train[0][-1].fields["text"].split()[0] in ("one", "two")


def test_distributed_runs_the_batches_with_the_other_processes_and_is_said_anew_each_time(run, monkeypatch):
    met = []

    class FirstOfSeveral:
        rank = 0

        def check_batch(self, n_rows):
            met.append(n_rows)

        def share(self, value):
            return value

        def runner(self, optimizer, *settings):
            met.append("runner")
            return train.BatchRunner(*settings)

        def wait(self):
            met.append("wait")

    monkeypatch.setattr(train, "Group", FirstOfSeveral)
    seen = run("--distributed")
    assert met == [2, "runner", "wait"] and len(seen.batches) == 2
    assert "distributed" not in json.loads((seen.out / "arguments.json").read_text(encoding="utf-8"))
    run()
    assert len(met) == 3


# --- and no flag without a test

TESTS = {
    "data": test_data_is_what_is_trained_on,
    "out": test_out_is_where_the_model_lies,
    "tokenizer": test_tokenizer_and_vocab_size_decide_the_tokens,
    "vocab_size": test_tokenizer_and_vocab_size_decide_the_tokens,
    "unk": test_unk_takes_characters_that_are_not_in_the_vocabulary,
    "init_from": test_init_from_is_where_the_weights_begin,
    "preset": test_presets_are_what_they_are_named_after_and_other_flags_change_them,
    "resume": test_resume_goes_on_from_the_last_save_with_the_flags_of_the_run,
    "eval_only": test_eval_only_measures_and_changes_nothing,
    "task": test_task_is_what_is_learned,
    "trainable": test_trainable_last_moves_the_last_block_alone,
    "lora_rank": test_lora_rank_alpha_and_targets_decide_the_adapters,
    "lora_alpha": test_lora_rank_alpha_and_targets_decide_the_adapters,
    "lora_targets": test_lora_rank_alpha_and_targets_decide_the_adapters,
    "balance": test_balance_drops_rows_or_weighs_the_loss,
    "augment": test_augment_varies_texts_anew_at_each_step,
    "dpo_beta": test_dpo_beta_is_the_losses,
    "model": test_model_is_the_kind,
    "n_layer": test_the_sizes_are_the_models,
    "n_head": test_the_sizes_are_the_models,
    "n_embd": test_the_sizes_are_the_models,
    "block_size": test_the_sizes_are_the_models,
    "dropout": test_dropout_changes_the_gradients_with_and_without_a_base,
    "batch_size": test_batch_size_and_grad_accum_are_the_sequences_of_a_step,
    "grad_accum": test_batch_size_and_grad_accum_are_the_sequences_of_a_step,
    "max_iters": test_max_iters_is_the_number_of_steps,
    "learning_rate": test_the_learning_rate_rises_over_the_warmup_and_falls_to_its_least,
    "min_lr": test_the_learning_rate_rises_over_the_warmup_and_falls_to_its_least,
    "warmup_iters": test_the_learning_rate_rises_over_the_warmup_and_falls_to_its_least,
    "optimizer": test_optimizer_is_what_moves_the_matrices_of_the_blocks,
    "weight_decay": test_weight_decay_and_betas_are_the_optimisers,
    "beta1": test_weight_decay_and_betas_are_the_optimisers,
    "beta2": test_weight_decay_and_betas_are_the_optimisers,
    "momentum": test_momentum_is_muons,
    "grad_clip": test_grad_clip_limits_the_gradient,
    "eval_interval": test_eval_interval_is_the_steps_between_evaluations,
    "eval_iters": test_eval_iters_is_the_number_of_validation_batches,
    "seed": test_the_seed_decides_weights_batches_and_dropout,
    "workers": test_workers_and_micro_batch_are_the_runners,
    "micro_batch": test_workers_and_micro_batch_are_the_runners,
    "backend": test_backend_is_chosen_before_anything_is_made,
    "distributed": test_distributed_runs_the_batches_with_the_other_processes_and_is_said_anew_each_time,
    "documents": test_documents_parts_the_text_and_val_share_is_how_many_are_held_back,
    "val_share": test_documents_parts_the_text_and_val_share_is_how_many_are_held_back,
    "val_data": test_val_data_is_what_is_validated_on,
    "strict": test_strict_ends_the_run_at_a_bad_record,
    "label_column": test_label_and_text_columns_are_the_ones_named,
    "text_column": test_label_and_text_columns_are_the_ones_named,
}


def test_every_flag_has_a_test_of_its_effect():
    flags = {action.dest for action in train_parser()._actions} - {"help"}
    assert flags == TESTS.keys()
