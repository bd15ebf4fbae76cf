"""Instructions by their kind, whose name begins with the language: en title, zh to en, …"""


def of_kinds(records, language, kinds):
    """The records of these kinds of a language, of each of which there are some."""
    names = {f"{language} {kind}" for kind in kinds}
    found = [record for record in records if record["kind"] in names]
    assert {record["kind"] for record in found} == names
    return found
