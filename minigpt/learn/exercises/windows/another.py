def windows(ids, starts, T):
    places = starts[:, None] + np.arange(T)
    return ids[places], ids[places + 1]
