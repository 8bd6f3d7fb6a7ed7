// SPDX-License-Identifier: LGPL-2.1-or-later
// What both passes of choose share: the best of some logits and their sums,
// joined pairwise, in a workgroup through shared memory.
#ifndef VLM_CHOOSE_GLSL
#define VLM_CHOOSE_GLSL
#include "load.glsl"

// Before gl_WorkGroupSize is used, or that is 1.
layout (local_size_x_id = 0) in;

const uint NONE = 0xffffffffu;
// A token that stands for "a logit is NaN or infinite".
const uint NOT_FINITE = 0xfffffffeu;
// At most every logit, and finite: the difference of two is not NaN.
const float LOW = -3.0e38;
const uint MAX_SIZE = 128;

struct Best
{
  uint token;    // NONE: nothing was allowed
  float top;     // its logit
  float sum;     // of exp (logit - top) over the allowed ones
  float top_all; // the same over all
  float sum_all;
  bool is_finite; // all of them
};

shared Best bests[MAX_SIZE];

Best
no_best ()
{
  return Best (NONE, LOW, 0.0, LOW, 0.0, true);
}

Best
join (Best a, Best b)
{
  const bool first
      = a.top > b.top || (a.top == b.top && a.token <= b.token);
  const float top = max (a.top, b.top);
  const float top_all = max (a.top_all, b.top_all);
  return Best (first ? a.token : b.token, top,
      a.sum * exp (a.top - top) + b.sum * exp (b.top - top), top_all,
      a.sum_all * exp (a.top_all - top_all)
          + b.sum_all * exp (b.top_all - top_all),
      a.is_finite && b.is_finite);
}

// The same for all invocations; the workgroup's size is a power of two.
Best
join_group (Best mine)
{
  const uint me = gl_LocalInvocationID.x;
  bests[me] = mine;
  for (uint n = gl_WorkGroupSize.x / 2; n > 0; n /= 2) {
    barrier ();
    if (me < n)
      bests[me] = join (bests[me], bests[me + n]);
  }
  barrier ();
  return bests[0];
}

#endif
