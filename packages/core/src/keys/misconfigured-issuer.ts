import { FetchFailure } from './fetch-failure.js';

/**
 * An issuer's metadata does not say what the configuration says, or two documents contradict each other: a mistake
 * that people have to mend, or an attack. Until then, no token of the issuer is accepted.
 */
export abstract class MisconfiguredIssuer extends FetchFailure {
  /** What to do about it, as a sentence. */
  abstract readonly remedy: string;

  constructor(message: string) {
    super(message, { kind: 'content' });
  }
}

/** The metadata names another issuer than the one that was asked. Spec: RFC 8414 section 3.3. */
export class IssuerMismatch extends MisconfiguredIssuer {
  override readonly name = 'IssuerMismatch';
  readonly remedy = 'Give the issuer exactly as the issuer member of its metadata has it.';

  constructor(issuer: string) {
    super(`the metadata of ${issuer} names another issuer`);
  }
}

/** The OAuth and the OpenID Connect metadata of an issuer name different key sets. Spec: RFC 9068 section 4. */
export class MetadataConflict extends MisconfiguredIssuer {
  override readonly name = 'MetadataConflict';
  readonly remedy = 'Have jwks_uri of the issuer mended, or leave requireConsistentMetadata out.';

  constructor(issuer: string) {
    super(`the OAuth and the OpenID Connect metadata of ${issuer} differ in jwks_uri`);
  }
}
