from sample_texts import TEXT

from tokenizer import GPT2_PATTERN, pretokens
from tokenizer.parallel import grouped, map_in_processes
from tokenizer.pretokens import count_pretokens


def test_words_are_counted_with_the_blank_before_them():
    assert count_pretokens(["low low", "low."], GPT2_PATTERN) == {"low": 2, " low": 1, ".": 1}


def test_special_tokens_separate_documents_and_are_not_counted():
    assert count_pretokens("a<|x|> b", GPT2_PATTERN, ["<|x|>"]) == {"a": 1, " b": 1}


def test_counts_stay_right_when_the_chunks_become_too_many_to_keep(monkeypatch):
    expected = count_pretokens([TEXT] * 5, GPT2_PATTERN)
    monkeypatch.setattr(pretokens, "MOST_CHUNKS", 10)
    assert count_pretokens([TEXT] * 5, GPT2_PATTERN) == expected


def test_results_of_several_processes_come_in_the_order_of_the_items():
    items = ["a" * (n % 7) for n in range(30)]
    assert list(map_in_processes(len, iter(items), workers=2)) == list(map(len, items))


def test_a_few_items_are_on_the_way_at_a_time():
    taken = 0

    def items():
        nonlocal taken
        for n in range(100):
            taken = n
            yield "x"

    results = map_in_processes(len, items(), workers=2)
    assert next(results) == 1
    assert taken < 10
    results.close()


def test_texts_are_grouped_and_none_is_lost():
    texts = ["a" * 600_000, "b" * 600_000, "", "c"]
    assert list(grouped(texts)) == [texts[:2], texts[2:]]
