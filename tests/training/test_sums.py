"""Gradients are summed over the processes while backward is still at work, each when it is complete."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from processes import CONFIG, alone, batch, together

from minigpt import GPT
from minigpt.language_model import accumulate
from minigpt.training import shares
from minigpt.training.shares import Message
from minigpt.training.sums import Sums


def test_the_sum_of_a_block_begins_while_backward_is_at_work_below_it(monkeypatch):
    monkeypatch.setattr(shares, "MESSAGE_BYTES", 1)
    n_rows, begun = 3, []

    class Watched(GPT):
        def backward_block(self, i, dx, cache, grads):
            if i == 0:
                last, until = len(begun) == n_rows - 1, time.monotonic() + 20
                while last and not self.sent and time.monotonic() < until:
                    time.sleep(0.001)
                begun.append(list(self.sent))
            return super().backward_block(i, dx, cache, grads)

    def run(group):
        model = Watched(CONFIG, seed=3)
        model.sent = group.sent
        with alone(model, group, 1, 1)[0] as runner:  # a part for each row
            runner.loss_and_grads(*batch(n_rows))
        return [
            sum(model.params[name].size for name in names) for names in shares.messages(model.params)
        ], group.sent

    ((sizes, sent),) = together(1, run)
    assert begun == [[], [], sizes[:1]], "that of the upper block, and not before the last part"
    assert sent == sizes and len(sizes) == 3


def test_shards_are_added_in_their_order_whoever_is_done_first():
    params = {"h.0.bias": np.zeros(1), "wte.weight": np.zeros(1)}
    names = list(params)
    cuts = {name: [0, 1] for name in names}
    values = [1e16, -1e16, 1.0]  # whose sum in another order is 0
    expected = {name: np.array([1.0]) for name in names}

    def run(group):
        sums = Sums(group, [Message([name], params, cuts, 1) for name in names])
        sums.begin(3)
        shards = [sums.gradients(10 * number, 1) for number in range(3)]
        for number in (1, 2, 0):
            for name in names:
                shards[number][name] = np.array([values[number]])
        sums.send_rest(shards)
        grads = sums.end()
        sums.close()
        return grads

    assert together(1, run) == [expected]


def test_the_share_is_there_when_the_others_have_sent_theirs():
    params = {"wte.weight": np.zeros(2)}

    def run(group):
        looks = []

        def start(array, share, counts):
            def test():
                looks.append(1)
                share[:] = array if len(looks) > 50 else np.nan
                return len(looks) > 50

            return SimpleNamespace(Test=test)

        group.start_sum_of_shares = start
        sums = Sums(group, [Message(["wte.weight"], params, {"wte.weight": [0, 2]}, 1)])
        sums.begin(1)
        sums.send_rest([{"wte.weight": np.array([3.0, 4.0])}])
        grads = {name: grad.tolist() for name, grad in sums.end().items()}
        sums.close()
        return grads

    assert together(1, run) == [{"wte.weight": [3, 4]}]


def test_a_gradient_that_comes_after_its_sum_has_begun_is_an_error(monkeypatch):
    monkeypatch.setattr(shares, "MESSAGE_BYTES", 1)

    class Twice(GPT):
        def backward_embed(self, dx, cache, grads):
            super().backward_embed(dx, cache, grads)
            accumulate(grads, "h.1.ln_1.bias", dx[0, 0])

    def run(group):
        with alone(Twice(CONFIG, seed=3), group)[0] as runner:
            runner.loss_and_grads(*batch())

    with pytest.raises(RuntimeError, match=r"a gradient of h\.1\.ln_1\.bias came after its sum"):
        together(1, run)


def test_an_error_of_a_worker_comes_out_though_a_sum_waits_for_the_others(monkeypatch):
    monkeypatch.setattr(shares, "MESSAGE_BYTES", 1)

    class Failing(GPT):
        def backward_embed(self, dx, cache, grads):
            raise MemoryError("no more")

    until = time.monotonic() + 30

    def run(group):
        others = SimpleNamespace(Test=lambda: time.monotonic() > until)
        group.start_sum_of_shares = lambda *arrays: others
        with alone(Failing(CONFIG, seed=3), group)[0] as runner:
            runner.loss_and_grads(*batch())

    with pytest.raises(MemoryError, match="no more"):
        together(1, run)
    assert time.monotonic() < until
