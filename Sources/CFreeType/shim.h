#pragma once
#include <ft2build.h>
#include FT_FREETYPE_H

/* Swift does not see macros that call macros. */
static inline FT_Error glyphs_render_black_and_white(FT_Face face, FT_UInt glyph) {
    return FT_Load_Glyph(face, glyph, FT_LOAD_RENDER | FT_LOAD_TARGET_MONO);
}
