"""Which process moves which numbers of a model, and how they lie in the messages among the processes.

All processes have all the weights, but each moves only its share of them, and has the optimiser's moments of
that alone (Rajbhandari et al., 2020, arXiv:1910.02054, sections 5.1 and 5.2):

    g = Σ g_rank               each process gets the sum of its share           "reduce-scatter"
    w ← w − …                  it moves its share: 1/n of the work and of the moments
    w                          and gives it to the others                       "allgather"

Together the two send as many bytes as one sum that all get ("allreduce"), after which all would do all the
work. AdamW moves each number by itself, so every array is cut by rows. Muon needs whole matrices.
"""

from minigpt.backend import to_device, to_host
from minigpt.muon import STEPS, Muon, number_of_parts

MESSAGE_BYTES = 1 << 19  # at least this much goes together, so that few messages wait for one another


def deal(optimizer, params, size):
    """How the rows of each parameter are shared out: a dict by name of size + 1 row numbers, in order.

    Process r moves those from number r to number r + 1; they may be none. params: those that are trained.
    """
    cuts = {name: [len(param) * rank // size for rank in range(size + 1)] for name, param in params.items()}
    whole = optimizer.orthogonal if isinstance(optimizer, Muon) else ()
    work = {name: work_of_muon(params[name].shape, number_of_parts(name)) for name in params if name in whole}
    loads = [0] * size
    for name in sorted(work, key=work.get, reverse=True):  # the largest first, to whoever has least so far
        rank = loads.index(min(loads))
        loads[rank] += work[name]
        cuts[name] = [0] * (rank + 1) + [len(params[name])] * (size - rank)
    return cuts


def work_of_muon(shape, n_parts):
    """The multiplications that Muon's products take for a matrix (n_in, n_parts · n_out)."""
    short, long = sorted((shape[0], shape[1] // n_parts))
    if 2 * short <= long:  # muon.newton_schulz_wide
        return n_parts * (2 * short**2 * long + (4 * STEPS - 3) * short**3)
    return n_parts * STEPS * (2 * short**2 * long + short**3)


def messages(params):
    """The names of trained parameters as lists, each to be sent when backward has come past all of it.

    Blocks go together until they have MESSAGE_BYTES. Last comes what is in no block: a tied table has its
    second term when all is done.
    """
    blocks = {}
    for name in params:
        if name.startswith("h."):
            blocks.setdefault(int(name.split(".")[1]), []).append(name)
    lists, together = [], []
    for number in sorted(blocks, reverse=True):
        together = together + blocks[number]
        if sum(params[name].nbytes for name in together) >= MESSAGE_BYTES:
            lists.append(together)
            together = []
    rest = together + [name for name in params if not name.startswith("h.")]
    return [*lists, rest] if rest else lists  # of adapters there may be no rest


class Message:
    """Parameters, or their gradients, in one flat array: the share of process 0, that of process 1, …"""

    def __init__(self, names, params, cuts, size):
        self.names = list(names)
        self.params = params
        self.dtype = params[self.names[0]].dtype
        self.places = []  # for each process, of each array that it has a part of: name, rows, place
        self.counts = []  # numbers of each process
        end = 0
        for rank in range(size):
            self.places.append([])
            start = end
            for name in names:
                rows = slice(*cuts[name][rank : rank + 2])
                if rows.start < rows.stop:
                    part = slice(end, end := end + params[name][rows].size)
                    self.places[rank].append((name, rows, part))
            self.counts.append(end - start)
        self.size = end

    def put_sum(self, shards, flat):
        """Fill flat with the sum of several dicts of whole gradients, added in their order; zeros if none."""
        for places in self.places:
            for name, rows, place in places:
                flat[place] = to_host(shards[0][name][rows]).reshape(-1) if shards else 0
                for other in shards[1:]:
                    flat[place] += to_host(other[name][rows]).reshape(-1)

    def put(self, rank, flat):
        """Fill the place of a process in flat with its share of the parameters."""
        for name, rows, place in self.places[rank]:
            flat[place] = to_host(self.params[name][rows]).reshape(-1)

    def take_others(self, rank, flat):
        """Set the parameters that are not in the share of a process, from flat."""
        for other, places in enumerate(self.places):
            for name, rows, place in places if other != rank else ():
                part = self.params[name][rows]
                part[...] = to_device(flat[place].reshape(part.shape))

    def share(self, rank, own):
        """The arrays of a process's share, by name: views of `own`, which has their numbers alone."""
        arrays, end = {}, 0
        for name, rows, _ in self.places[rank]:
            part = self.params[name][rows]
            arrays[name] = to_device(own[end : end + part.size].reshape(part.shape))
            end += part.size
        return arrays
