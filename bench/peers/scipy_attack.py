"""The attack of Szegedy et al. on one image, by SciPy's L-BFGS-B over PyTorch's gradients: how one would write it in Python."""
import numpy as np
import torch
from scipy.optimize import fmin_l_bfgs_b


def attack(net, x, target, maxiter=200):
    """c from 0.1 by tens to a bracket, then 8 geometric bisections; |r|^2; every problem from the clean image.

    x: float64 array in [0, 1], shaped as one image of the network. Returns the distortion (root mean square per pixel; None if
    the target or an end of the bracket was not reached) and the number of gradients.
    """
    label, clean, gradients = torch.tensor([target]), x.ravel(), 0
    image = lambda v: torch.tensor(v, dtype=torch.float32).reshape(1, *x.shape)

    def solve(c):
        def fg(v):
            nonlocal gradients
            gradients += 1
            t = image(v).requires_grad_()
            loss = torch.nn.functional.cross_entropy(net(t), label)
            loss.backward()
            r = v - clean
            return float(loss) + c * float(r @ r), 2 * c * r + t.grad.numpy().ravel().astype(float)
        v = fmin_l_bfgs_b(fg, clean, bounds=[(0, 1)] * clean.size, maxiter=maxiter)[0]
        return v, int(net(image(v)).argmax()) == target

    good, bad, best, c = None, None, None, 0.1
    for _ in range(12):
        v, reached = solve(c)
        if reached:
            good, best, c = c, v, c * 10
        else:
            bad, c = c, c / 10
        if good is not None and bad is not None:
            break
    if best is None or bad is None:
        return None, gradients
    for _ in range(8):
        c = (good * bad) ** 0.5
        v, reached = solve(c)
        if reached:
            good, best = c, v
        else:
            bad = c
    return float(np.sqrt(np.mean((best - clean) ** 2))), gradients
