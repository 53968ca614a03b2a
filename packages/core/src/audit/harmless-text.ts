/** The longest text that a record holds. Units: characters. */
const maximumLength = 256;

// What moves a cursor, ends a line, or turns the direction of what follows: control, format, separator and lone surrogate
// characters.
const harmful = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A text that does nothing to the terminal, the log file or the page that shows it: escaped, and cut to 256 characters. */
export function harmlessText(text: string): string {
  // Cut first: escaping a megabyte only to throw it away would be work that a stranger can cause.
  const escaped = text
    .slice(0, maximumLength)
    .replace(harmful, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return escaped.slice(0, maximumLength);
}

/** The same of a list of texts, of which no more than 100 are kept. */
export function harmlessTexts(texts: readonly string[]): readonly string[] {
  return texts.slice(0, 100).map(harmlessText);
}
