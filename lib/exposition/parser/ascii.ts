/** Characters that mean something. This file imports nothing, so that the build can write the numbers into the code that uses them. */
export const TAB = 9;
export const NEWLINE = 10;
export const RETURN = 13;
export const BLANK = 32;
export const QUOTE = 34;
export const HASH = 35;
export const COMMA = 44;
export const EQUALS = 61;
export const BACKSLASH = 92;
export const OPEN = 123;
export const CLOSE = 125;

/** Four in a word, and what it takes to find them: a byte is zero where subtracting 1 carries into its highest bit. */
export const QUOTES = 0x22222222;
export const BACKSLASHES = 0x5c5c5c5c;
export const BLANKS = 0x20202020;
export const ONES = 0x01010101;
export const HIGHS = -0x7f7f7f80;
