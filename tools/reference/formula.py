"""Arrays that references and tests make alike: numbers by a formula of their names."""
import numpy as np
import torch


def formula(count, seed):
    """count numbers in [0, 1), exact in float32: a 32-bit integer hash, its upper 24 bits."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) + np.uint32(seed) * np.uint32(0x9E3779B1)
        for _ in range(2):
            x ^= x >> np.uint32(16)
            x *= np.uint32(0x45D9F3B)
        x ^= x >> np.uint32(16)
    return (x >> np.uint32(8)).astype(np.float64) * 2.0**-24


def seed_of(name):
    seed = 7
    for char in name:
        seed = (seed * 31 + ord(char)) % 2**32
    return seed


def fill(model):
    """Every array by a formula of its name: weights U(±√(3/fan_in)), scales and variances U(0.5, 1.5), others U(±0.1)."""
    with torch.no_grad():
        for name, array in arrays(model).items():
            u = formula(array.numel(), seed_of(name))
            if array.dim() > 1:
                values = (2 * u - 1) * np.sqrt(3 / array[0].numel())
            elif name.endswith((".weight", ".running_var")):
                values = 0.5 + u
            else:
                values = (2 * u - 1) * 0.1
            array.copy_(torch.from_numpy(values.astype(np.float32)).reshape(array.shape))


def arrays(model):
    return {n: a for n, a in model.state_dict().items() if not n.endswith("num_batches_tracked")}
