import type { CertificateEncoding, CertificateHeader } from '../binding/client-certificate.js';
import { normalisedUri } from '../binding/normalised-uri.js';
import type { SenderConstraint, SenderPolicy } from '../binding/sender-policy.js';
import { trustedProxiesFrom } from '../binding/trusted-proxies.js';
import type { Clock } from '../clock.js';
import { isSecureUrl } from '../keys/secure-url.js';
import { SetupError } from '../setup-error.js';
import { noncesFrom, proofPolicyFrom, type DpopNonceOptions, type DpopProofOptions } from './dpop-options.js';
import { booleanFrom, knownOptionsOnly } from './options.js';

/** How DPoP proofs are judged. */
export interface DpopOptions extends DpopProofOptions {
  /** Demands that every proof holds a recent nonce of this server. Default: proofs need none. */
  readonly nonce?: DpopNonceOptions;
}

/** The header in which a proxy that ends TLS names the certificate of its client. */
export interface ClientCertificateOptions {
  /** For instance `Client-Cert`. The proxy has to remove what clients send under this name. */
  readonly header: string;
  /** Default: that of RFC 9440, `:…:` around base64. */
  readonly encoding?: CertificateEncoding;
}

/** What a resource server asks of those who present tokens. */
export interface SenderOptions {
  /**
   * By what the outside knows this server: an origin, perhaps with a path in front that a proxy takes away. Default: what
   * trusted proxies say, then the origin of the audience where that is an https URL.
   */
  readonly publicUrl?: string;
  /** The addresses and CIDR blocks of proxies whose headers count. Default none. */
  readonly trustedProxies?: readonly string[];
  /** Offers DPoP in challenges, and how proofs are judged. Bound tokens need their proof with and without it. */
  readonly dpop?: true | DpopOptions;
  /** The header of trusted proxies that names the client's certificate. Default: the TLS connection alone counts. */
  readonly clientCertificate?: ClientCertificateOptions;
  /** Refuses tokens that are not bound to a key of the sender. Default: they are accepted. */
  readonly requireSenderConstraint?: SenderConstraint | 'any';
  /** Accepts a token whose `cnf` names no method that we know, as if it were bound to nothing. Default false. */
  readonly acceptUnknownConfirmation?: boolean;
}

export const senderOptionNames = [
  'publicUrl',
  'trustedProxies',
  'dpop',
  'clientCertificate',
  'requireSenderConstraint',
  'acceptUnknownConfirmation',
] as const satisfies (keyof SenderOptions)[];

/** What the sender options rest on. */
export interface SenderSurroundings {
  readonly audiences: readonly string[];
  readonly leewaySeconds: number | undefined;
  readonly allowInsecureLoopback: boolean;
  readonly clock: Clock;
}

/**
 * What is asked of the senders of tokens.
 *
 * Throws: `SetupError`.
 */
export function senderPolicyFrom(
  options: SenderOptions,
  { audiences, leewaySeconds, allowInsecureLoopback, clock }: SenderSurroundings,
): SenderPolicy {
  const dpop = dpopOptionsFrom(options.dpop);
  const required = oneOf(options.requireSenderConstraint, ['dpop', 'mtls', 'any'], 'requireSenderConstraint');
  const trustedProxies = trustedProxiesFrom(options.trustedProxies);
  const publicUrl = publicUrlFrom(options.publicUrl, allowInsecureLoopback);
  const defaultUrl = originOfAudience(audiences, allowInsecureLoopback);
  const isAddressKnown =
    publicUrl !== undefined || defaultUrl !== undefined || (options.trustedProxies ?? []).length > 0;
  const needsAddress = options.dpop !== undefined || required === 'dpop';
  if (needsAddress && !isAddressKnown) throw addressUnknown();
  return {
    ...proofPolicyFrom(dpop, { leewaySeconds, clock }, 'dpop.'),
    required,
    offersDpop: needsAddress || (required === 'any' && isAddressKnown),
    isAddressKnown,
    acceptsUnknownConfirmation: booleanFrom(options.acceptUnknownConfirmation, 'acceptUnknownConfirmation'),
    // Sorted, because instances may list the same audiences in another order.
    nonces: noncesFrom(dpop.nonce, ['resource-server', ...[...audiences].sort()], clock),
    address: { publicUrl, defaultUrl, trustedProxies },
    certificate: {
      header: certificateHeaderFrom(options.clientCertificate, options.trustedProxies ?? []),
      trustedProxies,
    },
  };
}

function dpopOptionsFrom(dpop: SenderOptions['dpop'] = true): DpopOptions {
  if (dpop === true) return {};
  knownOptionsOnly(
    dpop,
    ['algorithms', 'proofLifetimeSeconds', 'nonce'] satisfies (keyof DpopOptions)[],
    'dpop',
  );
  return dpop;
}

function certificateHeaderFrom(
  given: ClientCertificateOptions | undefined,
  trustedProxies: readonly string[],
): CertificateHeader | undefined {
  if (given === undefined) return undefined;
  knownOptionsOnly(given, ['header', 'encoding'], 'clientCertificate');
  const { header, encoding } = given;
  if (typeof header !== 'string' || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header)) {
    throw new SetupError({
      option: 'clientCertificate.header',
      problem: 'it is not the name of a header',
      remedy: "Name the header that your proxy sets, for instance 'Client-Cert'.",
    });
  }
  if (trustedProxies.length === 0) {
    throw new SetupError({
      option: 'clientCertificate',
      problem: 'no proxy is trusted, so that nobody may set the header',
      remedy: 'List the addresses of your proxies in trustedProxies.',
    });
  }
  return {
    name: header.toLowerCase(),
    encoding:
      oneOf(encoding, ['rfc9440', 'url-encoded-pem', 'base64-der'], 'clientCertificate.encoding') ??
      'rfc9440',
  };
}

function publicUrlFrom(publicUrl: unknown, allowInsecureLoopback: boolean): string | undefined {
  if (publicUrl === undefined) return undefined;
  const isUsable =
    typeof publicUrl === 'string' &&
    isSecureUrl(publicUrl, { allowInsecureLoopback }) &&
    normalisedUri(publicUrl) !== undefined &&
    !/[?#]/.test(publicUrl);
  if (isUsable) return publicUrl.replace(/\/+$/, '');
  throw new SetupError({
    option: 'publicUrl',
    problem: 'it is not an https URL without query and fragment',
    remedy: "Give the address by which clients reach this server, for instance 'https://api.example'.",
  });
}

/** The one origin of the audiences that are https URLs, or loopback where that is allowed; none where they differ. */
function originOfAudience(audiences: readonly string[], allowInsecureLoopback: boolean): string | undefined {
  const urls = audiences.filter((audience) => isSecureUrl(audience, { allowInsecureLoopback }));
  const origins = new Set(urls.map((audience) => new URL(audience).origin));
  const [origin] = origins;
  return origins.size === 1 ? origin : undefined;
}

function addressUnknown(): SetupError {
  return new SetupError({
    option: 'publicUrl',
    problem:
      'it is not known by which address clients reach this server, so that no DPoP proof could be judged',
    remedy: "Give publicUrl, for instance 'https://api.example', or trustedProxies that say it.",
  });
}

function oneOf<Word extends string>(
  word: Word | undefined,
  words: readonly Word[],
  option: string,
): Word | undefined {
  if (word === undefined || words.includes(word)) return word;
  throw new SetupError({ option, problem: 'there is no such value', remedy: `Use ${words.join(', ')}.` });
}
