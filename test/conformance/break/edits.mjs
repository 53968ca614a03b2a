/**
 * Changes to the text of one source file.
 *
 * @typedef {{ file: string, find: string, replace: string } | { file: string, append: string }} Edit
 */

/**
 * The text with the edits in it.
 *
 * @param {string} text
 * @param {Edit[]} edits
 * @returns {string}
 * @throws when a text that is to be replaced does not stand there exactly once: the break is out of date
 */
export function applyEdits(text, edits) {
  return edits.reduce((edited, edit) => {
    if ('append' in edit) return `${edited}\n${edit.append}\n`;
    const parts = edited.split(edit.find);
    if (parts.length === 2) return parts.join(edit.replace);
    throw new Error(`${edit.file} holds ${parts.length - 1} times, not once: ${edit.find}`);
  }, text);
}
