# gst-vlm: optimizers of the demo model
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Muon for matrices, AdamW for the rest."""

import torch


class Muon(torch.optim.Optimizer):
  """Momentum whose step is made orthogonal (Newton-Schulz in bf16)."""

  def __init__(self, parameters, lr, momentum=0.95):
    super().__init__(parameters, dict(lr=lr, momentum=momentum))

  @torch.no_grad()
  def step(self):
    for group in self.param_groups:
      for p in group["params"]:
        if p.grad is None:
          continue
        state = self.state[p]
        if "average" not in state:
          state["average"] = torch.zeros_like(p)
        average = state["average"].lerp_(p.grad, 1 - group["momentum"])
        x = p.grad.lerp(average, group["momentum"]).bfloat16()
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / (x.norm() + 1e-7)
        for _ in range(5):
          a = x @ x.T
          x = 3.4445 * x + (-4.775 * a + 2.0315 * (a @ a)) @ x
        x = x.T if tall else x
        scale = max(1.0, p.shape[0] / p.shape[1])**0.5
        p.mul_(1 - 0.01 * group["lr"])
        p.add_(x.float(), alpha=-group["lr"] * scale)


def make_optimizers(modules, rates):
  matrices, others = [], []
  for module in modules:
    for name, p in module.named_parameters():
      is_matrix = p.dim() == 2 and "embed" not in name
      (matrices if is_matrix else others).append(p)
  return [Muon(matrices, rates["muon"]),
          torch.optim.AdamW(others, lr=rates["adam"], betas=(0.9, 0.98),
                            weight_decay=0.0)]
