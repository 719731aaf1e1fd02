#pragma once
#include <stdlib.h>
#include <xlsxwriter.h>

/* A spreadsheet's numbers are binary floating point. The text of a decimal becomes one here and nowhere else, so that no
   amount is ever computed with one. Under the C locale, in which the programs run, the point is a point. */
static inline lxw_error spreadsheet_write_decimal(
    lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *text, lxw_format *format) {
    return worksheet_write_number(sheet, row, column, strtod(text, NULL), format);
}

static inline lxw_error spreadsheet_write_percent(
    lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *text, lxw_format *format) {
    return worksheet_write_number(sheet, row, column, strtod(text, NULL) / 100, format);
}

static inline lxw_error spreadsheet_write_moment(
    lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, int year, int month, int day, int hour,
    int minute, int second, lxw_format *format) {
    lxw_datetime moment = {year, month, day, hour, minute, (double)second};
    return worksheet_write_datetime(sheet, row, column, &moment, format);
}

static inline lxw_error spreadsheet_set_width(
    lxw_worksheet *sheet, lxw_col_t column, int characters) {
    return worksheet_set_column(sheet, column, column, (double)characters, NULL);
}
