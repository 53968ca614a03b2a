/** Why a client has no token, or sends none. */
export type ClientErrorCode =
  | 'metadata.unavailable'
  | 'metadata.issuer-mismatch'
  | 'metadata.invalid'
  | 'assertion.signing-failed'
  | 'token-endpoint.unavailable'
  | 'token-request.refused'
  | 'token-response.invalid'
  | 'resource.url-outside';

/** What a `ClientError` knows beside its code. */
export interface ClientErrorDetails {
  /** The error code of the authorization server (RFC 6749 section 5.2), where it gave a well-formed one. */
  readonly error?: string | undefined;
  /** The HTTP status of the answer, where there was one. */
  readonly status?: number | undefined;
  /** The original error. Never one that holds a request or an answer. */
  readonly cause?: unknown;
}

const brand = Symbol.for('assay.client-error');

const descriptions: Readonly<Record<ClientErrorCode, string>> = {
  'metadata.unavailable': 'The metadata of the authorization server cannot be had.',
  'metadata.issuer-mismatch': 'The metadata is that of another issuer.',
  'metadata.invalid': 'The metadata of the authorization server is not usable.',
  'assertion.signing-failed': 'The assertion could not be signed.',
  'token-endpoint.unavailable': 'The token endpoint gave no usable answer.',
  'token-request.refused': 'The authorization server refused the token request.',
  'token-response.invalid': 'The token response is not usable.',
  'resource.url-outside': 'The URL is not under the resource that the token is for.',
};

/**
 * A client has no token, or refused to send the one it has.
 *
 * `code` is stable. Holds no key, assertion, token or text that was received, but for a well-formed OAuth error code.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  readonly error: string | undefined;
  readonly status: number | undefined;

  constructor(code: ClientErrorCode, { error, status, cause }: ClientErrorDetails = {}) {
    const facts = [error, status === undefined ? undefined : `status ${String(status)}`].filter(Boolean);
    const about = facts.length === 0 ? '' : ` (${facts.join(', ')})`;
    super(`${code}: ${descriptions[code]}${about}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.error = error;
    this.status = status;
    Object.defineProperty(this, brand, { value: true });
  }

  toJSON(): Record<string, unknown> {
    return { name: this.name, code: this.code, error: this.error, status: this.status };
  }

  // Two copies of this module, an ESM and a CommonJS one, can meet in one process.
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== ClientError) return super[Symbol.hasInstance](value);
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
  }
}
