import pytest

from tokenizer.byte_alphabet import BYTE_ORDER, BYTE_TO_ID, bytes_to_visible, visible_to_bytes


def test_every_byte_has_a_character_of_its_own_and_it_is_gpt2s():
    """Written down from GPT-2's vocab.json: the ids of some tokens of one byte."""
    ids = {
        b"!": 0,
        b"~": 93,
        "¡".encode("latin-1"): 94,
        "¬".encode("latin-1"): 105,
        b"\xae": 106,
        b"\xff": 187,
    }
    ids |= {b"\0": 188, b"\n": 198, b" ": 220, b"\x7f": 221, b"\xa0": 254, b"\xad": 255}
    for byte, i in ids.items():
        assert BYTE_TO_ID[byte[0]] == i and BYTE_ORDER[i] == byte[0]
    assert sorted(BYTE_ORDER) == list(range(256))
    everything = bytes(range(256))
    assert visible_to_bytes(bytes_to_visible(everything)) == everything
    assert len(set(bytes_to_visible(everything))) == 256


def test_letters_stand_for_themselves_and_the_others_follow_from_u_0100_on():
    assert bytes_to_visible(b" hello~\n\x00\xad") == "Ġhello~ĊĀŃ"
    assert bytes_to_visible(" é".encode()) == "ĠÃ©"
    with pytest.raises(ValueError, match="' ', which stands for no byte"):
        visible_to_bytes("a b")
