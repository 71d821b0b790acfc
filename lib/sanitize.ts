/**
 * Strings from outside. `clean` stands at every door (scrape, host file, plugin, error text); `glyphs` at the paint. Between the two a
 * string is harmless but whole: combining marks stay, so that names in any script survive exports and recordings.
 */
export {};
