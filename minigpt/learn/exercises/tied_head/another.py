def tied_backward(dlogits, table, idx, hidden, network_backward):
    dtable = np.einsum("btv,btc->vc", dlogits, hidden)
    np.add.at(dtable, idx, network_backward(np.einsum("btv,vc->btc", dlogits, table)))
    return dtable
