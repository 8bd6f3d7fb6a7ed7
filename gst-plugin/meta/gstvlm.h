/* gst-vlm: everything public of the metadata library
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstvlmanswermeta.h"
#include "gstvlmeventmeta.h"
#include "gstvlmmessage.h"
