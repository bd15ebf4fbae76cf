"""Direct preference optimisation (Rafailov et al., 2023, arXiv:2305.18290, equation 7).

A model learns from pairs of answers which is the better one, without a model of rewards in between. For
a prompt x with a chosen answer w and a rejected answer l, and π the model, ρ its copy from before:

    log π(y | x) = Σ_t log π(y_t | x, y_<t)                                    over the answer's tokens only
    h = β [ (log π(w|x) − log ρ(w|x)) − (log π(l|x) − log ρ(l|x)) ]            the margin, times β
    loss = mean over pairs of  −log σ(h)  =  log(1 + exp(−h))

The answers' probability relative to the copy is an implicit reward; the loss is that of a comparison
(Bradley & Terry, 1952) of the two rewards.

A larger β holds the model closer to the copy. Past a few units of h a pair pulls no more, and to get there
its log-probabilities need to move, against the copy's, by h / β only. In the paper's derivation β is the
price of distance, KL(π ‖ ρ), and the best model π(y|x) ∝ ρ(y|x) exp(reward / β): with β → ∞ it is ρ itself.

Backward. d(−log σ(h))/dh = −σ(−h): a pair that is told apart already counts little. Then, N pairs,

    dlog π(w|x) = −β σ(−h) / N         dlog π(l|x) = +β σ(−h) / N
    dz_t = dlog π(y|x) · (onehot(y_t) − softmax(z_t))          at each of the answer's tokens

The copy ρ never changes, so what it says of a pair is computed once, before training, and kept as two
numbers a pair. During training there is one model in memory, not two.
"""

from minigpt.backend import to_device, to_host, xp
from minigpt.finetuning.objective import Objective
from minigpt.layers import IGNORED, token_losses_backward, token_losses_forward


def sequence_log_prob_forward(logits, targets):
    """The log-probability of each sequence's targets, summed over those that are not -100.

    logits (B, T, V), targets (B, T) int -> (B,), cache.
    """
    B, T, V = logits.shape
    rows = xp.flatnonzero(targets.reshape(-1) != IGNORED)  # the answers' tokens among all B·T
    losses, losses_cache = token_losses_forward(logits.reshape(-1, V)[rows], targets.reshape(-1)[rows])
    summed = xp.zeros(B * T, dtype=logits.dtype)
    summed[rows] = -losses
    return summed.reshape(B, T).sum(1), (losses_cache, rows, logits.shape)


def sequence_log_prob_backward(dout, cache):
    """dout (B,) -> dlogits (B, T, V)."""
    losses_cache, rows, (B, T, V) = cache

    # out = Σ −losses, over the tokens of each sequence
    dlogits = xp.zeros((B * T, V), dtype=dout.dtype)
    dlogits[rows] = token_losses_backward(-dout[rows // T], losses_cache)
    return dlogits.reshape(B, T, V)


def dpo_loss_forward(log_probs, reference, beta, n_pairs=None):
    """The mean loss of N pairs: log_probs (N, 2) of chosen and rejected answers, reference likewise.

    n_pairs replaces the divisor N: a part of a batch gives the number of pairs in the whole batch.
    Returns the loss (a 0-d array) and the cache.
    """
    ratios = log_probs - reference
    h = beta * (ratios[:, 0] - ratios[:, 1])  # (N,)
    n_pairs = n_pairs or len(h)
    # log(1 + exp(−h)), without an overflow for a very negative h
    losses = xp.log1p(xp.exp(-abs(h))) + xp.maximum(-h, 0)
    return (losses.sum() / n_pairs).astype(h.dtype), (h, beta, n_pairs)  # NumPy 1 makes float64 of it


def dpo_loss_backward(dloss, cache):
    """dloss, a scalar -> dlog_probs (N, 2). The reference is a constant."""
    h, beta, n_pairs = cache
    falling = xp.exp(-xp.maximum(h, 0)) / (1 + xp.exp(-abs(h)))  # σ(−h), both exponents at most 0

    # loss = Σ −log σ(h) / n_pairs
    dchosen = falling * (-beta * dloss / n_pairs)
    return xp.stack([dchosen, -dchosen], axis=1)


class PreferenceTuning(Objective):
    """A GPT trained on pairs of answers: what a BatchRunner runs in the place of the model itself.

    A pair is one row of a batch: idx and targets (N, 2, T), the chosen answer first, and the reference's
    log-probabilities (N, 2). Dropout stays off, since the reference has none.
    """

    def __init__(self, model, beta):
        """Raises ValueError for a beta that is not positive."""
        if not 0 < beta:
            raise ValueError(f"beta is {beta} but must be a positive number")
        super().__init__(model)
        self.beta = beta

    def log_probs(self, idx, targets):
        """What the model says of the answers now: idx, targets (N, 2, T) -> (N, 2), cache."""
        N, _, T = idx.shape
        logits, cache = self.model.forward(idx.reshape(2 * N, T))
        log_probs, log_prob_cache = sequence_log_prob_forward(logits, targets.reshape(2 * N, T))
        return log_probs.reshape(N, 2), (cache, log_prob_cache)

    def n_counted(self, idx, targets, reference):
        """What the summed losses of a batch are divided by: its pairs."""
        return len(idx)

    def loss(self, idx, targets, reference, n_counted=None):
        """The mean loss over the pairs, a 0-d array."""
        return dpo_loss_forward(self.log_probs(idx, targets)[0], reference, self.beta, n_counted)[0]

    def loss_and_grads(self, idx, targets, reference, rngs=None, n_counted=None, grads=None):
        """The mean loss over the pairs (a 0-d array) and its gradients; see LanguageModel.loss_and_grads."""
        log_probs, (cache, log_prob_cache) = self.log_probs(idx, targets)
        loss, loss_cache = dpo_loss_forward(log_probs, reference, self.beta, n_counted)
        dlog_probs = dpo_loss_backward(1.0, loss_cache)
        dlogits = sequence_log_prob_backward(dlog_probs.reshape(-1), log_prob_cache)
        return loss, self.model.backward(dlogits, cache, grads)


def reference_log_probs(model, idx, targets):
    """What a model says of pairs before it is trained: idx, targets (N, 2, T) -> (N, 2), on the host."""
    return to_host(PreferenceTuning(model, 1.0).log_probs(to_device(idx), to_device(targets))[0])
