/* gst-vlm: pictures as JPEG
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <gio/gio.h>
#include <jpeglib.h>
#include <vlm/vlm-jpeg.h>

typedef struct
{
  struct jpeg_error_mgr parent;
  jmp_buf failed;
  char reason[JMSG_LENGTH_MAX];
} Failure;

typedef struct
{
  unsigned char *data;
  unsigned long size;
} Output;

/* The library's own handler ends the process. */
static void
on_error (j_common_ptr codec)
{
  Failure *failure = (Failure *) codec->err;

  failure->parent.format_message (codec, failure->reason);
  longjmp (failure->failed, 1);
}

static void
on_message (j_common_ptr codec)
{
}

/* The part that on_error() may leave; the caller frees @codec and @output. */
static gboolean
compress (j_compress_ptr codec, Failure *failure, const VlmFrame *frame,
    guint quality, Output *output)
{
  if (setjmp (failure->failed) != 0)
    return FALSE;
  jpeg_create_compress (codec);
  jpeg_mem_dest (codec, &output->data, &output->size);
  codec->image_width = frame->width;
  codec->image_height = frame->height;
  codec->input_components = 3;
  codec->in_color_space = JCS_RGB;
  jpeg_set_defaults (codec);
  jpeg_set_quality (codec, (int) quality, TRUE);
  jpeg_start_compress (codec, TRUE);
  while (codec->next_scanline < codec->image_height) {
    JSAMPROW row =
        frame->pixels + (gsize) codec->next_scanline * 3 * frame->width;

    jpeg_write_scanlines (codec, &row, 1);
  }
  jpeg_finish_compress (codec);
  return TRUE;
}

/**
 * vlm_frame_to_jpeg:
 * @frame: a picture
 * @quality: from 1 to 100, as libjpeg has it
 * @error: return location
 *
 * The picture as a JPEG file: baseline, 4:2:0, with the colours of JFIF.
 *
 * Returns: (transfer full): the file, or %NULL with %G_IO_ERROR_FAILED, as for
 *   one of more than 65500 pixels in a row or column
 *
 * Since: 0.1
 */
GBytes *
vlm_frame_to_jpeg (const VlmFrame *frame, guint quality, GError **error)
{
  struct jpeg_compress_struct codec = { 0 };
  Failure failure;
  Output output = { 0 };
  GBytes *bytes = NULL;

  g_return_val_if_fail (frame != NULL, NULL);
  g_return_val_if_fail (quality >= 1 && quality <= 100, NULL);

  codec.err = jpeg_std_error (&failure.parent);
  failure.parent.error_exit = on_error;
  failure.parent.output_message = on_message;
  if (compress (&codec, &failure, frame, quality, &output))
    bytes = g_bytes_new (output.data, output.size);
  else
    g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_FAILED, "JPEG: %s", failure.reason);
  jpeg_destroy_compress (&codec);
  free (output.data);
  return bytes;
}
