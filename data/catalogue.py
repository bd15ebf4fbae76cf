"""The public files that download.py can fetch: where they lie and what they hash to.

A SHA-256 stands here only where it is known for certain: published beside the file, or taken from a copy
that was in hand. Where it is not, the entry says None rather than guess. The addresses name a branch (`main`,
`master`), so a file may change under its address; a known SHA-256 then refuses it, and this catalogue is the
place to update.
"""

from typing import NamedTuple


class HubFile(NamedTuple):
    """A file of a repository on Hugging Face; `kind` is what huggingface_hub calls the repo_type."""

    repository: str
    name: str
    sha256: str | None
    kind: str = "model"


class WebFile(NamedTuple):
    """A file at an address. With `member` a zip archive lies there, and the file is that member of it."""

    url: str
    name: str
    sha256: str
    member: str | None = None


class Collection(NamedTuple):
    """What one NAME stands for: the files, and for the listing their rounded size and what they are."""

    size: str
    about: str
    files: tuple[HubFile | WebFile, ...]


RASBT = "https://raw.githubusercontent.com/rasbt/LLMs-from-scratch/main"

# Every size of GPT-2 carries the same tokenizer, byte for byte.
GPT2_TOKENIZER = {
    "tokenizer.json": "8414cab924d8b9b33013f0d221c5862f365ee9be39c5c2bfae8a5a9e970478a6",
    "tokenizer_config.json": "5e04eb606e3a1583530a42e36c2a6b6615c86f34fe77e44d9ddeb43ff940931f",
    "vocab.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
    "merges.txt": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
}
# Shared by the other sizes; gpt2 itself has one of the same length with other bytes.
GENERATION_CONFIG = "b90eadacf585a743a30ea51e8b5c88b8d282a2a34dc0c7e556d0987cdbd68805"


def model_directory(
    repository, config, weights, generation_config=GENERATION_CONFIG, tokenizer=GPT2_TOKENIZER
):
    """The files of a Hugging Face model directory, never a pickle; all arguments but the first are hashes."""
    known = {
        "config.json": config,
        "generation_config.json": generation_config,
        **tokenizer,
        "model.safetensors": weights,  # last: the small files fail early where something is wrong
    }
    return tuple(HubFile(repository, name, sha256) for name, sha256 in known.items())


CATALOGUE = {
    "gpt2": Collection(
        "551 MB",
        "GPT-2, 124 million parameters, 12 layers (OpenAI 2019)",
        model_directory(
            "openai-community/gpt2",
            config="0daed7749b4f02b8f76240d5444551d7b08712dab4d0adb8239c56ba823bb7b4",
            weights="248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
            generation_config="ed0b32ac72c0f5f44a719abb2d7786ea5146c871f83717b7f2018065954de02b",
        ),
    ),
    "distilgpt2": Collection(
        "356 MB",
        "GPT-2 distilled to 82 million parameters, 6 layers (Hugging Face 2019)",
        model_directory(
            "distilbert/distilgpt2",
            config="4ec5947c1d59fee6212cdf3b0ec1a53eac02092554c5ff0a733488cbd2c64f3a",
            weights="e1ff18884359fe8beb795a5f414feb85a6ce3d929ad019c0d958c039d2b94a1b",
        ),
    ),
    "gpt2-medium": Collection(
        "1.52 GB",
        "GPT-2, 355 million parameters, 24 layers",
        model_directory(
            "openai-community/gpt2-medium",
            config="ef1a44d889ad1a0acc7731c78134f1b87d2d222f110e97dd10fd4117331caf22",
            weights="fc5a354a19255ad494f3d71549390baca1ccf61d1d822b9408971705c687c9cd",
        ),
    ),
    "gpt2-large": Collection(
        "3.25 GB",
        "GPT-2, 774 million parameters, 36 layers",
        model_directory(
            "openai-community/gpt2-large",
            config=None,
            weights=None,
            generation_config=None,
            tokenizer=dict.fromkeys(GPT2_TOKENIZER),
        ),
    ),
    "gpt2-xl": Collection(
        "6.43 GB",
        "GPT-2, 1,558 million parameters, 48 layers",
        model_directory(
            "openai-community/gpt2-xl",
            config="be48115d52314bc27327e160bf10197760db02ea689d10adb24db4102edf7a8a",
            weights="0f8b28eb05a8075f48b61b6f35332978c74fc7763fa9fb4051a1c30511736a6a",
        ),
    ),
    "shakespeare": Collection(
        "1.1 MB",
        "40,000 lines of Shakespeare in one text file (Karpathy's char-rnn, public domain)",
        (
            WebFile(
                "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                "tinyshakespeare.txt",
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            ),
        ),
    ),
    "verdict": Collection(
        "20 kB",
        "The Verdict, a short story by Edith Wharton, 1908 (public domain)",
        (
            WebFile(
                f"{RASBT}/ch02/01_main-chapter-code/the-verdict.txt",
                "the-verdict.txt",
                "b41e41a68f0398a3154ae69e2e4c0e2694e17fe0d66730536837f1b01935b31f",
            ),
        ),
    ),
    "sms-spam": Collection(
        "478 kB",
        "SMS Spam Collection: 5,574 messages marked ham or spam (UCI, CC BY 4.0)",
        (
            WebFile(
                "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
                "SMSSpamCollection.tsv",
                "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
                member="SMSSpamCollection",
            ),
        ),
    ),
    "instructions": Collection(
        "204 kB",
        "1,100 instructions with answers, JSON (rasbt/LLMs-from-scratch, Apache-2.0)",
        (
            WebFile(
                f"{RASBT}/ch07/01_main-chapter-code/instruction-data.json",
                "instruction-data.json",
                "7e09a9af353722ca15c18bc580f093f9c39d3178335a75177319cb1e1d163944",
            ),
        ),
    ),
    "tinystories": Collection(
        "2.25 GB",
        "TinyStories V2: 2.7 million children's stories by GPT-4 (Eldan & Li 2023, CDLA-Sharing-1.0)",
        (
            HubFile(
                "roneneldan/TinyStories",
                "TinyStoriesV2-GPT4-valid.txt",
                "6874bae9a4c1a4e7edcf0e53b86c17817e9cf881fc75ff2368da457b80c0585d",
                kind="dataset",
            ),
            HubFile(
                "roneneldan/TinyStories",
                "TinyStoriesV2-GPT4-train.txt",
                "6418d412de72888f52b5142c761ac21a582f7d1166f0bfbdb5f03ccfdec90443",
                kind="dataset",
            ),
        ),
    ),
}
