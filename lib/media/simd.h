/* gst-vlm: loops that matter are compiled once for every x86 there is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define VLM_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VLM_SANITIZED 1
#endif

/* The loader picks the clone before a sanitizer's runtime is up, so sanitized
 * builds take the plain code. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(VLM_SANITIZED)
#define VLM_CLONES __attribute__ ((target_clones ("default", "avx2")))
#else
#define VLM_CLONES
#endif
