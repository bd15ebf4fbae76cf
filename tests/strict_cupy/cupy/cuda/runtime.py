"""How many devices there are: the environment variable STRICT_CUPY_DEVICES says."""

import os


class CUDARuntimeError(RuntimeError):
    pass


def getDeviceCount():
    devices = os.environ.get("STRICT_CUPY_DEVICES", "1")
    if devices == "no driver":
        raise CUDARuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")
    return int(devices)
