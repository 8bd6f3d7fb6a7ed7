/* gst-vlm: everything public
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-analyzer.h>
#include <vlm/vlm-answer-kind.h>
#include <vlm/vlm-attention.h>
#include <vlm/vlm-blackout.h>
#include <vlm/vlm-camera.h>
#include <vlm/vlm-box-parse.h>
#include <vlm/vlm-device.h>
#include <vlm/vlm-engine-analyzer.h>
#include <vlm/vlm-error.h>
#include <vlm/vlm-event-parse.h>
#include <vlm/vlm-event.h>
#include <vlm/vlm-frame.h>
#include <vlm/vlm-image-view.h>
#include <vlm/vlm-jpeg.h>
#include <vlm/vlm-log.h>
#include <vlm/vlm-model-params.h>
#include <vlm/vlm-model.h>
#include <vlm/vlm-motion.h>
#include <vlm/vlm-plan.h>
#include <vlm/vlm-prompt.h>
#include <vlm/vlm-questions.h>
#include <vlm/vlm-rate.h>
#include <vlm/vlm-record.h>
#include <vlm/vlm-region.h>
#include <vlm/vlm-sampler.h>
#include <vlm/vlm-scene-box.h>
#include <vlm/vlm-scene-render.h>
#include <vlm/vlm-scene.h>
#include <vlm/vlm-session.h>
#include <vlm/vlm-size.h>
#include <vlm/vlm-types.h>
#include <vlm/vlm-version.h>
#include <vlm/vlm-window.h>
#include <vlm/vlm-work.h>
