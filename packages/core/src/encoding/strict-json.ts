import { isAscii } from 'node:buffer';

/** Why a text is not the strict JSON that we accept. */
export type JsonFault = 'malformed' | 'duplicate-member' | 'too-deep';

/** A parsed value, or the fault that was found. */
export type JsonResult = { readonly value: unknown } | { readonly fault: JsonFault };

/** How many objects and arrays may stand inside each other. */
export const maximumJsonDepth = 32;

// `ignoreBOM` keeps a byte order mark in the text, where JSON.parse refuses it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The JSON value that some bytes stand for, parsed without room for interpretation: valid UTF-8 without a byte
 * order mark, one complete value, no object with two members of the same name, bounded depth.
 *
 * A member `__proto__` is data like any other, but not enumerable: what copies an object member by member would make it
 * the prototype of the copy.
 *
 * Spec: RFC 7519 sections 4 and 7.2; RFC 8725 section 3.7.
 */
export function parseStrictJson(bytes: Uint8Array): JsonResult {
  const text = decodeUtf8(bytes);
  if (text === undefined) return { fault: 'malformed' };
  const outline = outlineOf(text);
  if (outline.depth > maximumJsonDepth) return { fault: 'too-deep' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, so it must not travel as a cause.
    return { fault: 'malformed' };
  }
  // JSON.parse keeps one of two members with the same name; then fewer came out than the text has. Counting
  // sees through escapes, because the parser has already resolved them.
  if (countMembers(value) !== outline.members) return { fault: 'duplicate-member' };
  if (mayNameProto.test(text)) hideProto(value);
  return { value };
}

// Without an escape, the name can only stand there as it is.
const mayNameProto = /__proto__|\\u/;

function hideProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) hideProto(inner);
  if (!Object.hasOwn(value, '__proto__')) return;
  // Who freezes by going through the members does not find it any more.
  const hidden = deepFrozen(Object.getOwnPropertyDescriptor(value, '__proto__')?.value);
  Object.defineProperty(value, '__proto__', { value: hidden, enumerable: false });
}

function deepFrozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFrozen(inner);
  return Object.freeze(value);
}

/** Whether a value is a JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const quote = 0x22;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The number of members and the nesting depth of a text, if it is JSON. Costs one pass, builds nothing. */
function outlineOf(text: string): { members: number; depth: number } {
  let members = 0;
  let open = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
    } else if (code === colon) {
      members++;
    } else if (code === openBrace || code === openBracket) {
      if (++open > depth) depth = open;
    } else if (code === closeBrace || code === closeBracket) {
      open--;
    }
  }
  return { members, depth };
}

/** Where a string ends: at the next quote, unless that is escaped by an odd number of backslashes. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && backslashesBefore(text, end) % 2 === 1) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function backslashesBefore(text: string, end: number): number {
  let start = end;
  while (text.charCodeAt(start - 1) === backslash) start--;
  return end - start;
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner: unknown[] = Object.values(value);
  let count = Array.isArray(value) ? 0 : inner.length;
  for (const member of inner) count += countMembers(member);
  return count;
}
