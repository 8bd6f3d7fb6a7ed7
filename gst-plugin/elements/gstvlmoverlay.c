/* gst-vlm: vlmoverlay, the element that shows events
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vlmoverlay
 * @title: vlmoverlay
 * @short_description: draws the events of a video onto it
 *
 * vlmoverlay draws what vlmevents found: a box around an object, with a tag that
 * says what it is, how sure the model is and how long it has been going on, and
 * along the bottom a strip with the recent events and a time axis that ends now.
 * It reads the #GstVlmEventMeta on the buffers, and draws every other
 * #GstVideoRegionOfInterestMeta too. With #GstVlmOverlay:regions it shows what
 * vlmevents masks, and the zone that it analyses.
 *
 * Colours and shapes show how far an event has come: a yellow triangle where it
 * has just begun, a blue disc while it goes on, an orange square when it is
 * over; regions that are no event are white. They can be distinguished with any
 * kind of colour blindness. An event is known later than it happens: a box that
 * was found in an earlier frame is dashed.
 *
 * Letters and lines grow with the frame; #GstVlmOverlay:scale makes them larger
 * or smaller. Where downstream can lay pictures over the video by itself
 * (glimagesink), it is handed these and the video is not touched. Without events
 * buffers pass as they are.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert \
 *     ! vlmevents model=/models/Qwen2.5-VL-3B-Instruct window=4 \
 *     ! vlmoverlay ! videoconvert ! autovideosink
 * ]|
 * Shows a file and what happens in it.
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert \
 *     ! vlmevents model=/models/Qwen2.5-VL-3B-Instruct window=4 hop=2 \
 *     ! vlmoverlay history=20 ! videoconvert ! vp8enc deadline=1 \
 *     ! webmmux ! filesink location=seen.webm
 * ]|
 * Writes a video with the events drawn on it.
 * |[
 * gst-launch-1.0 -e v4l2src ! videoconvert \
 *     ! vlmevents model=/models/Qwen2.5-VL-3B-Instruct query="a person" \
 *     ! vlmoverlay draw-strip=false hold=2 font="Sans Bold" \
 *     ! videoconvert ! autovideosink
 * ]|
 * Only the boxes, on a camera.
 */
#include "elements/gstvlmoverlay-private.h"

#include "gstvlm.h"
#include "util/gstvlmerror.h"
#include "util/gstvlmtime.h"

/* Not a GstBaseTransform: whether buffers leave with overlays as metadata is
 * only known after negotiation with downstream, and may change; and most
 * buffers pass as they are, for which in place they would be made writable. */

GST_DEBUG_CATEGORY (gst_vlm_overlay_debug);
#define GST_CAT_DEFAULT gst_vlm_overlay_debug

#define VIDEO_CAPS                                                             \
  GST_VIDEO_CAPS_MAKE (GST_VLM_OVERLAY_FORMATS)                                \
  ";" GST_VIDEO_CAPS_MAKE_WITH_FEATURES ("ANY", GST_VIDEO_FORMATS_ALL)

/* Time that goes back so far is another part of the stream. */
#define MAX_STEP_BACK VLM_SECOND

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (VIDEO_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (VIDEO_CAPS));
G_DEFINE_FINAL_TYPE_WITH_CODE (GstVlmOverlay, gst_vlm_overlay, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (
        gst_vlm_overlay_debug, "vlmoverlay", 0, "events on video"))
GST_ELEMENT_REGISTER_DEFINE (
    vlmoverlay, "vlmoverlay", GST_RANK_NONE, GST_TYPE_VLM_OVERLAY)

static void
forget_drawn (GstVlmOverlay *self)
{
  g_array_set_size (self->patches, 0);
  g_clear_pointer (&self->composition, gst_video_overlay_composition_unref);
}

/* Drops all state of the stream. */
static void
forget (GstVlmOverlay *self)
{
  gst_vlm_recent_clear (self->recent);
  gst_vlm_pictures_clear (self->pictures);
  forget_drawn (self);
  self->now = VLM_TIME_NONE;
  self->next_expiry = G_MAXINT64;
  self->dirty = TRUE;
}

/* ---- what is to be shown ---- */

/* Adds an event that has only its region left: its own meta does not survive a
 * change of the picture's size. */
static void
add_from_region (GstVlmOverlay *self, const GstStructure *params, guint64 id,
    const VlmRect *rect, gint64 seen, const GstVlmShown *shown)
{
  g_autoptr (VlmEvent) event = vlm_event_new ();
  const char *state = gst_structure_get_string (params, "state");

  event->id = id;
  event->state = VLM_EVENT_STATE_UPDATE;
  if (g_strcmp0 (state, "begin") == 0)
    event->state = VLM_EVENT_STATE_BEGIN;
  else if (g_strcmp0 (state, "end") == 0)
    event->state = VLM_EVENT_STATE_END;
  event->ongoing = event->state != VLM_EVENT_STATE_END;
  event->label = g_strdup (gst_structure_get_string (params, "label"));
  event->description =
      g_strdup (gst_structure_get_string (params, "description"));
  event->bbox = *rect;
  event->bbox_time.stream_time = seen;
  gst_vlm_recent_add (self->recent, event, shown, self->now);
}

static VlmRect
get_rect (const GstVideoRegionOfInterestMeta *region)
{
  return (VlmRect){ (gint) MIN (region->x, G_MAXINT),
    (gint) MIN (region->y, G_MAXINT), (gint) MIN (region->w, G_MAXINT),
    (gint) MIN (region->h, G_MAXINT) };
}

/* Whether @region is that of an event, which then moves there. */
static gboolean
take_event_region (GstVlmOverlay *self, GstVideoRegionOfInterestMeta *region,
    const GstVlmShown *shown)
{
  GstStructure *params =
      gst_video_region_of_interest_meta_get_param (region, "vlm-event");
  VlmRect rect = get_rect (region);
  gint64 seen = self->now;
  guint64 id;

  if (params == NULL || !gst_structure_get_uint64 (params, "id", &id))
    return FALSE;
  gst_structure_get_int64 (params, "stream-time", &seen);
  if (rect.width > 0 && rect.height > 0 &&
      !gst_vlm_recent_move (self->recent, id, FALSE, &rect, seen, self->now))
    add_from_region (self, params, id, &rect, seen, shown);
  return TRUE;
}

/* Whether @region is the true place of an event of a test source, which knows
 * it in every frame. */
static gboolean
take_true_region (GstVlmOverlay *self, GstVideoRegionOfInterestMeta *region)
{
  GstStructure *params =
      gst_video_region_of_interest_meta_get_param (region, "vlm-truth");
  VlmRect rect = get_rect (region);
  guint64 id;

  return params != NULL && gst_structure_get_uint64 (params, "id", &id) &&
      gst_vlm_recent_move (self->recent, id, TRUE, &rect, self->now, self->now);
}

static gboolean
take_region (GstVlmOverlay *self, GstVideoRegionOfInterestMeta *region,
    const GstVlmShown *shown)
{
  return take_event_region (self, region, shown) ||
      take_true_region (self, region);
}

/* Reads the metadata of @buffer. Whether there was any. */
static gboolean
take_metas (GstVlmOverlay *self, GstBuffer *buffer, const GstVlmShown *shown)
{
  gboolean news = FALSE;
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_VLM_EVENT_META_API_TYPE)) != NULL) {
    GstVlmEventMeta *events = (GstVlmEventMeta *) meta;

    for (guint i = 0; i < gst_vlm_event_meta_get_n_events (events); i++)
      gst_vlm_recent_add (self->recent,
          gst_vlm_event_meta_get_event (events, i), shown, self->now);
    news = TRUE;
  }
  state = NULL;
  while ((meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) != NULL) {
    take_region (self, (GstVideoRegionOfInterestMeta *) meta, shown);
    news = TRUE;
  }
  return news;
}

/* What a region is called: most detectors have one type for all. */
static const char *
get_label (const GstVideoRegionOfInterestMeta *region)
{
  for (GList *l = region->params; l != NULL; l = l->next) {
    const char *label = gst_structure_get_string (l->data, "label");

    if (label != NULL)
      return label;
  }
  return g_quark_to_string (region->roi_type);
}

/* A region of another detector: it is there in this frame only. */
static void
show_region (GstVlmOverlay *self, GstVideoRegionOfInterestMeta *region,
    const GstVlmShown *shown)
{
  GstVlmSceneBox box = {
    .mark = GST_VLM_MARK_OTHER,
    .rect = get_rect (region),
    .outlined = shown->boxes,
  };

  if (shown->labels)
    box.text = gst_vlm_scene_clean_text (get_label (region));
  for (GList *l = region->params; l != NULL && shown->confidence; l = l->next) {
    double confidence;

    if (gst_structure_get_double (l->data, "confidence", &confidence)) {
      box.note = gst_vlm_recent_format_confidence (confidence);
      break;
    }
  }
  g_array_append_val (self->scene->boxes, box);
}

static void
show_regions (GstVlmOverlay *self, GstBuffer *buffer, const GstVlmShown *shown)
{
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) != NULL) {
    GstVideoRegionOfInterestMeta *region =
        (GstVideoRegionOfInterestMeta *) meta;

    if (!take_region (self, region, shown))
      show_region (self, region, shown);
  }
}

/* ---- when it is drawn ---- */

static void
take_settings (GstVlmOverlay *self, GstVlmShown *shown, double *opacity)
{
  g_autofree char *font = NULL;
  double scale;
  gboolean restyled;

  GST_OBJECT_LOCK (self);
  *shown = self->settings.shown;
  *opacity = self->settings.opacity;
  scale = self->settings.scale;
  restyled = self->restyled;
  if (restyled)
    font = g_strdup (self->settings.font);
  self->dirty |= self->altered || restyled;
  self->altered = FALSE;
  self->restyled = FALSE;
  GST_OBJECT_UNLOCK (self);
  if (restyled) {
    forget_drawn (self);
    gst_vlm_painter_set_style (self->painter, font != NULL ? font : "", scale);
    gst_vlm_shapes_set_scale (self->shapes, scale);
  }
}

static void
compose (GstVlmOverlay *self, double opacity)
{
  g_clear_pointer (&self->composition, gst_video_overlay_composition_unref);
  if (!self->attach || self->patches->len == 0)
    return;
  for (guint i = 0; i < self->patches->len; i++) {
    const GstVlmPatch *patch = &g_array_index (self->patches, GstVlmPatch, i);
    const GstVlmSprite *sprite = patch->sprite;
    GstVideoOverlayRectangle *rectangle =
        gst_video_overlay_rectangle_new_raw (gst_vlm_sprite_get_pixels (sprite),
            patch->x, patch->y, (guint) gst_vlm_sprite_get_width (sprite),
            (guint) gst_vlm_sprite_get_height (sprite),
            GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);

    gst_video_overlay_rectangle_set_global_alpha (rectangle, (gfloat) opacity);
    if (self->composition == NULL)
      self->composition = gst_video_overlay_composition_new (rectangle);
    else
      gst_video_overlay_composition_add_rectangle (
          self->composition, rectangle);
    gst_video_overlay_rectangle_unref (rectangle);
  }
  self->composed_opacity = opacity;
}

static void
add_patches (GstVlmOverlay *self, const GArray *patches)
{
  g_array_append_vals (self->patches, patches->data, patches->len);
}

/* The scene changes with events, with the regions of a frame, when something
 * gets too old and with every second: in between, what was drawn is used. */
static void
update (GstVlmOverlay *self, GstBuffer *buffer, const GstVlmShown *shown)
{
  gboolean has_regions =
      gst_buffer_get_meta (
          buffer, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE) != NULL;
  gboolean ticked = !VLM_TIME_IS_VALID (self->tick) ||
      self->now / VLM_SECOND != self->tick / VLM_SECOND;

  if (!take_metas (self, buffer, shown) && !self->had_regions && !self->dirty &&
      !ticked && self->now < self->next_expiry)
    return;
  if (gst_vlm_buffer_get_event_meta (buffer) != NULL || ticked || self->dirty)
    self->tick = self->now;
  self->next_expiry = gst_vlm_recent_expire (self->recent, shown, self->now);
  gst_vlm_scene_clear (self->scene);
  gst_vlm_recent_show (self->recent, shown, self->now, self->tick, self->scene);
  show_regions (self, buffer, shown);
  g_array_set_size (self->patches, 0);
  if (shown->regions) {
    gst_vlm_shapes_show_names (self->shapes, self->scene);
    add_patches (self, gst_vlm_shapes_get_patches (self->shapes));
  }
  add_patches (self, gst_vlm_painter_paint (self->painter, self->scene));
  g_clear_pointer (&self->composition, gst_video_overlay_composition_unref);
  self->had_regions = has_regions;
  self->dirty = FALSE;
}

/* ---- what is done to buffers ---- */

/* Takes ownership of @buffer. */
static GstBuffer *
attach (GstVlmOverlay *self, GstBuffer *buffer, double opacity)
{
  GstVideoOverlayCompositionMeta *meta;

  if (self->composition == NULL || self->composed_opacity != opacity)
    compose (self, opacity);
  buffer = gst_buffer_make_writable (buffer);
  meta = gst_buffer_get_video_overlay_composition_meta (buffer);
  if (meta == NULL || meta->overlay == NULL) {
    gst_buffer_add_video_overlay_composition_meta (buffer, self->composition);
    return buffer;
  }
  meta->overlay = gst_video_overlay_composition_make_writable (meta->overlay);
  for (guint i = 0;
       i < gst_video_overlay_composition_n_rectangles (self->composition); i++)
    gst_video_overlay_composition_add_rectangle (meta->overlay,
        gst_video_overlay_composition_get_rectangle (self->composition, i));
  return buffer;
}

/* Takes ownership of @buffer. NULL if it cannot be written to. */
static GstBuffer *
blend (GstVlmOverlay *self, GstBuffer *buffer, double opacity)
{
  GstVideoFrame frame;

  buffer = gst_buffer_make_writable (buffer);
  if (!gst_video_frame_map (&frame, &self->info, buffer, GST_MAP_READWRITE)) {
    GST_ELEMENT_ERROR (
        self, STREAM, FORMAT, (NULL), ("a buffer does not match its caps"));
    gst_buffer_unref (buffer);
    return NULL;
  }
  for (guint i = 0; i < self->patches->len; i++) {
    const GstVlmPatch *patch = &g_array_index (self->patches, GstVlmPatch, i);

    gst_vlm_sprite_blend (patch->sprite, &frame, patch->x, patch->y, opacity);
  }
  gst_video_frame_unmap (&frame);
  return buffer;
}

static void
take_time (GstVlmOverlay *self, GstBuffer *buffer)
{
  gint64 now = VLM_TIME_NONE;

  if (self->segment.format == GST_FORMAT_TIME)
    now = gst_vlm_time_from_gst (gst_segment_to_stream_time (
        &self->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer)));
  if (!VLM_TIME_IS_VALID (now))
    now = VLM_TIME_IS_VALID (self->now) ? self->now : 0;
  if (VLM_TIME_IS_VALID (self->now) && now < self->now - MAX_STEP_BACK)
    forget (self);
  self->now = now;
}

static GstFlowReturn
renegotiate (GstVlmOverlay *self)
{
  g_autoptr (GstCaps) caps = NULL;

  if (!self->has_info) {
    if (!gst_pad_has_current_caps (self->sinkpad))
      gst_vlm_error_post_no_caps (GST_ELEMENT (self));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  if (!gst_pad_check_reconfigure (self->srcpad))
    return GST_FLOW_OK;
  caps = gst_pad_get_current_caps (self->sinkpad);
  if (caps != NULL && gst_vlm_overlay_negotiate (self, caps))
    return GST_FLOW_OK;
  gst_pad_mark_reconfigure (self->srcpad);
  return GST_PAD_IS_FLUSHING (self->srcpad) ? GST_FLOW_FLUSHING
                                            : GST_FLOW_NOT_NEGOTIATED;
}

static GstFlowReturn
gst_vlm_overlay_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstVlmOverlay *self = GST_VLM_OVERLAY (parent);
  GstFlowReturn flow = renegotiate (self);
  GstVlmShown shown;
  double opacity;

  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow;
  }
  take_time (self, buffer);
  gst_object_sync_values (GST_OBJECT (self), (GstClockTime) MAX (self->now, 0));
  take_settings (self, &shown, &opacity);
  if (shown.strip && shown.pictures)
    gst_vlm_pictures_offer (self->pictures, buffer, self->now, shown.history);
  update (self, buffer, &shown);
  if (self->patches->len > 0 && opacity > 0.0)
    buffer = self->attach ? attach (self, buffer, opacity)
                          : blend (self, buffer, opacity);
  if (buffer == NULL)
    return GST_FLOW_ERROR;
  return gst_pad_push (self->srcpad, buffer);
}

static gboolean
set_caps (GstVlmOverlay *self, GstCaps *caps)
{
  GstVideoInfo info;

  if (!gst_video_info_from_caps (&info, caps)) {
    GST_ERROR_OBJECT (self, "not video: %" GST_PTR_FORMAT, caps);
    return FALSE;
  }
  if (self->has_info &&
      (info.width != self->info.width || info.height != self->info.height))
    gst_vlm_recent_forget_boxes (self->recent);
  self->info = info;
  self->has_info = TRUE;
  gst_vlm_pictures_set_info (self->pictures, &info);
  gst_vlm_recent_set_pictures (
      self->recent, self->pictures, info.width, info.height);
  forget_drawn (self);
  return gst_vlm_overlay_negotiate (self, caps);
}

/* @regions: (nullable) */
static void
take_shapes (GstVlmOverlay *self, const GstStructure *regions)
{
  forget_drawn (self);
  gst_vlm_shapes_set (self->shapes, regions);
  self->dirty = TRUE;
}

static gboolean
gst_vlm_overlay_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstVlmOverlay *self = GST_VLM_OVERLAY (parent);
  GstCaps *caps;
  gboolean done;

  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_CAPS:
    gst_event_parse_caps (event, &caps);
    done = set_caps (self, caps);
    gst_event_unref (event);
    return done;
  case GST_EVENT_SEGMENT:
    gst_event_copy_segment (event, &self->segment);
    break;
  case GST_EVENT_STREAM_START:
    forget (self);
    take_shapes (self, NULL);
    break;
  case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
    if (gst_event_has_name (event, GST_VLM_SHAPES_EVENT))
      take_shapes (self, gst_event_get_structure (event));
    break;
  case GST_EVENT_FLUSH_STOP:
    forget (self);
    gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
    break;
  default:
    break;
  }
  return gst_pad_event_default (pad, parent, event);
}

static gboolean
gst_vlm_overlay_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  g_autoptr (GstCaps) caps = NULL;
  GstCaps *filter;

  if (GST_QUERY_TYPE (query) != GST_QUERY_CAPS)
    return gst_pad_query_default (pad, parent, query);
  gst_query_parse_caps (query, &filter);
  caps = gst_vlm_overlay_query_caps (GST_VLM_OVERLAY (parent), pad, filter);
  gst_query_set_caps_result (query, caps);
  return TRUE;
}

static GstStateChangeReturn
gst_vlm_overlay_change_state (GstElement *element, GstStateChange transition)
{
  GstVlmOverlay *self = GST_VLM_OVERLAY (element);
  GstStateChangeReturn result = GST_ELEMENT_CLASS (gst_vlm_overlay_parent_class)
                                    ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    forget (self);
    take_shapes (self, NULL);
    gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
    self->has_info = FALSE;
  }
  return result;
}

static void
gst_vlm_overlay_init (GstVlmOverlay *self)
{
  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, gst_vlm_overlay_chain);
  gst_pad_set_event_function (self->sinkpad, gst_vlm_overlay_sink_event);
  gst_pad_set_query_function (self->sinkpad, gst_vlm_overlay_query);
  GST_PAD_SET_PROXY_ALLOCATION (self->sinkpad);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_query_function (self->srcpad, gst_vlm_overlay_query);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);

  gst_vlm_overlay_init_settings (self);
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  gst_video_info_init (&self->info);
  self->recent = gst_vlm_recent_new ();
  self->pictures = gst_vlm_pictures_new ();
  self->painter = gst_vlm_painter_new ();
  self->scene = gst_vlm_scene_new ();
  self->shapes = gst_vlm_shapes_new ();
  self->patches = g_array_new (FALSE, FALSE, sizeof (GstVlmPatch));
  self->tick = VLM_TIME_NONE;
  forget (self);
}

static void
gst_vlm_overlay_finalize (GObject *object)
{
  GstVlmOverlay *self = GST_VLM_OVERLAY (object);

  forget (self);
  gst_vlm_recent_free (self->recent);
  gst_vlm_pictures_free (self->pictures);
  gst_vlm_painter_free (self->painter);
  gst_vlm_scene_free (self->scene);
  gst_vlm_shapes_free (self->shapes);
  g_array_unref (self->patches);
  gst_vlm_overlay_clear_settings (self);
  G_OBJECT_CLASS (gst_vlm_overlay_parent_class)->finalize (object);
}

static void
gst_vlm_overlay_class_init (GstVlmOverlayClass *klass)
{
  GObjectClass *object = G_OBJECT_CLASS (klass);
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  object->finalize = gst_vlm_overlay_finalize;
  element->change_state = gst_vlm_overlay_change_state;
  gst_vlm_overlay_install_properties (object);
  gst_element_class_add_static_pad_template (element, &sink_template);
  gst_element_class_add_static_pad_template (element, &src_template);
  gst_element_class_set_static_metadata (element, "Video event overlay",
      "Filter/Editor/Video",
      "Draws boxes, labels and a strip of recent events onto the video",
      "The gst-vlm developers");
}
