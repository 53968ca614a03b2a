import { isAssayError } from '../assay-error.js';
import { answerTo } from '../challenge.js';

/** The answer to a request for a published document, ready to be sent. */
export interface DocumentAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Not to be sent in answer to `HEAD`, which Node sees to. */
  readonly body: string;
}

// Clients in browsers are of other origins, and there is nothing in a document that is not for everybody.
const forEveryOrigin = { 'Access-Control-Allow-Origin': '*' };
const methods = 'GET, HEAD';

/**
 * The answer with a document to `GET` and `HEAD`; to a browser that asks beforehand whether it may; and to any other
 * method. An outage is a 503.
 *
 * Throws: `SetupError` for a key that cannot sign.
 * Spec: RFC 9728 sections 3.1, 3.2 and 7.10; RFC 9110 section 15.5.6.
 */
export async function documentAnswer(
  method: string,
  text: () => Promise<string>,
  cacheSeconds: number,
): Promise<DocumentAnswer> {
  if (method === 'OPTIONS') {
    const allowed = { 'Access-Control-Allow-Methods': methods, 'Access-Control-Allow-Headers': '*' };
    return { status: 204, headers: { Allow: methods, ...forEveryOrigin, ...allowed }, body: '' };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, headers: { Allow: methods, 'Content-Length': '0', ...forEveryOrigin }, body: '' };
  }
  try {
    const caching = { 'Cache-Control': `public, max-age=${String(cacheSeconds)}` };
    return jsonAnswer(200, caching, await text());
  } catch (error) {
    if (!isAssayError(error)) throw error;
    // An outage of ours has no challenge, and so no realm.
    const { status, headers, body } = answerTo(error, { realm: '' });
    return jsonAnswer(status, headers, JSON.stringify(body));
  }
}

function jsonAnswer(status: number, headers: DocumentAnswer['headers'], body: string): DocumentAnswer {
  const type = { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) };
  return { status, headers: { ...type, ...headers, ...forEveryOrigin }, body };
}
