"""The public files that download.py can fetch: where they lie, how long they are, what they hash to.

A SHA-256 stands here only where it is known for certain: published beside the file, or taken from a copy
that was in hand. Where it is not, the length that the server announces is all there is to check, and the
entry says None rather than guess. The addresses name a branch (`main`, `master`), so a file may change
under its address; a known SHA-256 then refuses it, and this catalogue is the place to update.
"""

from typing import NamedTuple


class RemoteFile(NamedTuple):
    """One file: where it comes from, its name here, and its length in bytes and SHA-256 where known.

    With `member` the address is a zip archive and the file is that member of it; name, size and sha256
    are the unpacked file's, and the size must be known: it bounds what is unpacked.
    """

    url: str
    name: str
    size: int | None = None
    sha256: str | None = None
    member: str | None = None


class Collection(NamedTuple):
    """What one NAME stands for: the files, and for --help their rounded size and what they are."""

    size: str
    about: str
    files: tuple[RemoteFile, ...]


HUGGING_FACE = "https://huggingface.co"
RASBT = "https://raw.githubusercontent.com/rasbt/LLMs-from-scratch/main"

# Every size of GPT-2 carries the same tokenizer, byte for byte.
GPT2_TOKENIZER = {
    "tokenizer.json": (1_355_256, "8414cab924d8b9b33013f0d221c5862f365ee9be39c5c2bfae8a5a9e970478a6"),
    "tokenizer_config.json": (26, "5e04eb606e3a1583530a42e36c2a6b6615c86f34fe77e44d9ddeb43ff940931f"),
    "vocab.json": (1_042_301, "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783"),
    "merges.txt": (456_318, "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"),
}
# Shared by the other sizes; gpt2 itself has one of the same length with other bytes.
GENERATION_CONFIG = (124, "b90eadacf585a743a30ea51e8b5c88b8d282a2a34dc0c7e556d0987cdbd68805")
UNKNOWN = (None, None)


def model_directory(
    repository, config, weights, generation_config=GENERATION_CONFIG, tokenizer=GPT2_TOKENIZER
):
    """The files of a Hugging Face model directory; each argument after the first is (size, sha256)."""
    known = {
        "config.json": config,
        "generation_config.json": generation_config,
        **tokenizer,
        "model.safetensors": weights,  # last: the small files fail early where something is wrong
    }
    return tuple(
        RemoteFile(f"{HUGGING_FACE}/{repository}/resolve/main/{name}", name, *size_and_sha256)
        for name, size_and_sha256 in known.items()
    )


CATALOGUE = {
    "gpt2": Collection(
        "551 MB",
        "GPT-2, 124 million parameters, 12 layers (OpenAI 2019)",
        model_directory(
            "openai-community/gpt2",
            config=(665, "0daed7749b4f02b8f76240d5444551d7b08712dab4d0adb8239c56ba823bb7b4"),
            weights=(548_105_171, "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707"),
            generation_config=(124, "ed0b32ac72c0f5f44a719abb2d7786ea5146c871f83717b7f2018065954de02b"),
        ),
    ),
    "distilgpt2": Collection(
        "356 MB",
        "GPT-2 distilled to 82 million parameters, 6 layers (Hugging Face 2019)",
        model_directory(
            "distilbert/distilgpt2",
            config=(762, "4ec5947c1d59fee6212cdf3b0ec1a53eac02092554c5ff0a733488cbd2c64f3a"),
            weights=(352_824_413, "e1ff18884359fe8beb795a5f414feb85a6ce3d929ad019c0d958c039d2b94a1b"),
        ),
    ),
    "gpt2-medium": Collection(
        "1.52 GB",
        "GPT-2, 355 million parameters, 24 layers",
        model_directory(
            "openai-community/gpt2-medium",
            config=(718, "ef1a44d889ad1a0acc7731c78134f1b87d2d222f110e97dd10fd4117331caf22"),
            weights=(1_519_984_962, "fc5a354a19255ad494f3d71549390baca1ccf61d1d822b9408971705c687c9cd"),
        ),
    ),
    "gpt2-large": Collection(
        "3.25 GB",
        "GPT-2, 774 million parameters, 36 layers",
        model_directory(
            "openai-community/gpt2-large",
            config=UNKNOWN,
            weights=UNKNOWN,
            generation_config=UNKNOWN,
            tokenizer=dict.fromkeys(GPT2_TOKENIZER, UNKNOWN),
        ),
    ),
    "gpt2-xl": Collection(
        "6.43 GB",
        "GPT-2, 1,558 million parameters, 48 layers",
        model_directory(
            "openai-community/gpt2-xl",
            config=(None, "be48115d52314bc27327e160bf10197760db02ea689d10adb24db4102edf7a8a"),
            weights=(None, "0f8b28eb05a8075f48b61b6f35332978c74fc7763fa9fb4051a1c30511736a6a"),
        ),
    ),
    "shakespeare": Collection(
        "1.1 MB",
        "40,000 lines of Shakespeare in one text file (Karpathy's char-rnn, public domain)",
        (
            RemoteFile(
                "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                "tinyshakespeare.txt",
                1_115_394,
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            ),
        ),
    ),
    "verdict": Collection(
        "20 kB",
        "The Verdict, a short story by Edith Wharton, 1908 (public domain)",
        (
            RemoteFile(
                f"{RASBT}/ch02/01_main-chapter-code/the-verdict.txt",
                "the-verdict.txt",
                20_479,
                "b41e41a68f0398a3154ae69e2e4c0e2694e17fe0d66730536837f1b01935b31f",
            ),
        ),
    ),
    "sms-spam": Collection(
        "478 kB",
        "SMS Spam Collection: 5,574 messages marked ham or spam (UCI, CC BY 4.0)",
        (
            RemoteFile(
                "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
                "SMSSpamCollection.tsv",
                477_907,
                "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
                member="SMSSpamCollection",
            ),
        ),
    ),
    "instructions": Collection(
        "204 kB",
        "1,100 instructions with answers, JSON (rasbt/LLMs-from-scratch, Apache-2.0)",
        (RemoteFile(f"{RASBT}/ch07/01_main-chapter-code/instruction-data.json", "instruction-data.json"),),
    ),
    "tinystories": Collection(
        "2.25 GB",
        "TinyStories V2: 2.7 million children's stories by GPT-4 (Eldan & Li 2023, CDLA-Sharing-1.0)",
        tuple(
            RemoteFile(
                f"{HUGGING_FACE}/datasets/roneneldan/TinyStories/resolve/main/{name}", name, size, sha256
            )
            for name, size, sha256 in (
                (
                    "TinyStoriesV2-GPT4-valid.txt",
                    22_502_601,
                    "6874bae9a4c1a4e7edcf0e53b86c17817e9cf881fc75ff2368da457b80c0585d",
                ),
                (
                    "TinyStoriesV2-GPT4-train.txt",
                    2_227_753_162,
                    "6418d412de72888f52b5142c761ac21a582f7d1166f0bfbdb5f03ccfdec90443",
                ),
            )
        ),
    ),
}
