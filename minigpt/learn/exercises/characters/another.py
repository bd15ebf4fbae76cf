def characters_to_ids(text):
    characters = []
    for character in text:
        if character not in characters:
            characters.append(character)
    characters.sort()
    return list(map(characters.index, text)), characters
