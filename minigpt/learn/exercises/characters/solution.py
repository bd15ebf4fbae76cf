def characters_to_ids(text):
    """text, a str -> ids, a list of int, one for each character; characters, a list: characters[id]."""
    characters = sorted(set(text))
    id_of = {character: i for i, character in enumerate(characters)}
    ids = [id_of[character] for character in text]
    return ids, characters
