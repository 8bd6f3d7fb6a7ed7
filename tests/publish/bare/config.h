/* gst-vlm: a build in which no library was found
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
