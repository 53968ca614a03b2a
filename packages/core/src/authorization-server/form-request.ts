import { AssayError } from '../assay-error.js';
import type { RequestView } from '../request-view.js';
import { parseForm, type FormParameters } from './form-parameters.js';

/** What core sees of a request with a form whose body nobody has looked at. */
export interface FormRequestView extends Omit<RequestView, 'form'> {
  /** The bytes of the body. Called at most once, and only for a request that may have a form. */
  readonly readBody: () => Promise<Uint8Array>;
}

/** The longest form that is looked at. Units: bytes. */
export const maximumFormBytes = 64 * 1024;

/**
 * The parameters of a form that was posted.
 *
 * Error: `request.method-not-allowed`, `request.media-type-unsupported`, `request.credentials-in-uri`,
 * `request.body-too-large`, `request.body-malformed`, `request.parameter-repeated`, in this order.
 * Spec: RFC 6749 sections 2.3.1 and 3.2 and appendix B.
 */
export async function readForm(request: FormRequestView): Promise<FormParameters> {
  if (request.method !== 'POST') throw new AssayError('request.method-not-allowed');
  if (!isForm(request)) throw new AssayError('request.media-type-unsupported');
  if (carriesCredentials(request.url)) throw new AssayError('request.credentials-in-uri');
  return parseForm(decode(await request.readBody()));
}

const formType = /^application\/x-www-form-urlencoded(?:\s*;\s*charset=(?:"utf-8"|utf-8))?\s*;?\s*$/i;

function isForm({ headers }: FormRequestView): boolean {
  const [type, ...others] = headers['content-type'] ?? [];
  return type !== undefined && others.length === 0 && formType.test(type);
}

const credentialNames = [
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'assertion',
];

function carriesCredentials(url: string): boolean {
  const query = url.indexOf('?');
  if (query === -1) return false;
  const parameters = new URLSearchParams(url.slice(query));
  return credentialNames.some((name) => parameters.has(name));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(body: Uint8Array): string {
  if (body.length > maximumFormBytes) throw new AssayError('request.body-too-large');
  try {
    return utf8.decode(body);
  } catch {
    throw new AssayError('request.body-malformed');
  }
}
