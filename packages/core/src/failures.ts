/**
 * The failure catalogue: the only place that relates a failure to the outside world.
 *
 * Codes are public API: added freely, renamed never. The first word says whose fault it is:
 * `request.*`, `token.*`, `proof.*`, `client.*`, `grant.*` and `scope.*` are the caller's, `service.*` is ours and is
 * never a 401. `description` is the only prose that reaches the wire.
 */

/** Whose fault a failure is. */
export type Fault = 'request' | 'token' | 'proof' | 'client' | 'grant' | 'service';

/** The step of a request's path that can end in a failure (see `authenticate` in `resource-server.ts`). */
export type Step =
  | 'extract token'
  | 'decrypt token'
  | 'parse token'
  | 'choose issuer'
  | 'choose key'
  | 'verify signature'
  | 'apply profile'
  | 'check binding'
  | 'check standing'
  | 'authorize'
  | 'token request';

/** One row of the catalogue. `error` is the wire's word (RFC 6750 section 3.1, RFC 6749 section 5.2). */
export interface Failure {
  readonly fault: Fault;
  readonly step: Step;
  readonly status: number;
  readonly error: string | undefined;
  readonly description: string;
}

const badToken = (step: Step, description: string) =>
  ({ fault: 'token', step, status: 401, error: 'invalid_token', description }) as const;

const badProof = (description: string) =>
  ({
    fault: 'proof',
    step: 'check binding',
    status: 401,
    error: 'invalid_dpop_proof',
    description,
  }) as const;

const badRequest = (step: Step, description: string) =>
  ({ fault: 'request', step, status: 400, error: 'invalid_request', description }) as const;

const badGrant = (error: string, description: string) =>
  ({ fault: 'grant', step: 'token request', status: 400, error, description }) as const;

// Why a token does not stand is told to nobody outside: not even whether it was revoked or suspended.
const withdrawn = badToken('check standing', 'The status of the token does not permit its use.');

const badClient = {
  fault: 'client',
  step: 'token request',
  status: 400,
  error: 'invalid_client',
  description: 'The client is not authenticated.',
} as const;

// RFC 6750 has one word for every missing permission; what the policy is stays ours.
const notPermitted = {
  fault: 'grant',
  step: 'authorize',
  status: 403,
  error: 'insufficient_scope',
  description: 'The token does not permit this request.',
} as const;

const outage = (step: Step, description: string) =>
  ({ fault: 'service', step, status: 503, error: 'temporarily_unavailable', description }) as const;

export const failures = {
  'request.token-missing': {
    fault: 'request',
    step: 'extract token',
    status: 401,
    error: undefined,
    description: 'An access token is required.',
  },
  'request.token-malformed': badRequest('extract token', 'The credentials are malformed.'),
  'request.token-repeated': badRequest('extract token', 'The access token was sent more than once.'),

  'token.too-large': badToken('parse token', 'The token is malformed.'),
  'token.malformed': badToken('parse token', 'The token is malformed.'),
  'token.duplicate-member': badToken('parse token', 'The token is malformed.'),
  'token.critical-unknown': badToken('parse token', 'The token is malformed.'),
  'token.encryption-missing': badToken('decrypt token', 'The token is not encrypted.'),
  'token.decryption-failed': badToken('decrypt token', 'The token cannot be read.'),
  'token.replica-mismatch': badToken('decrypt token', 'The token contradicts its envelope.'),
  'token.issuer-unknown': badToken('choose issuer', 'The token is not from a trusted issuer.'),
  'token.algorithm-refused': badToken('choose key', 'The token is not signed as required.'),
  'token.key-unknown': badToken('choose key', 'The token is not signed by a known key.'),
  'token.signature-invalid': badToken('verify signature', 'The signature is invalid.'),
  'token.type-mismatch': badToken('apply profile', 'The token is of another type.'),
  'token.issuer-mismatch': badToken('apply profile', 'The token is not from a trusted issuer.'),
  'token.audience-mismatch': badToken('apply profile', 'The token is not for this audience.'),
  'token.expired': badToken('apply profile', 'The token has expired.'),
  'token.not-yet-valid': badToken('apply profile', 'The token is not valid yet.'),
  'token.too-old': badToken('apply profile', 'The token was issued too long ago.'),
  'token.lifetime-excessive': badToken('apply profile', 'The token is valid for too long.'),
  'token.claim-invalid': badToken('apply profile', 'The token lacks a required claim.'),
  'token.subject-refused': badToken('apply profile', 'The subject is not accepted.'),
  'token.confirmation-unverifiable': badToken(
    'check binding',
    'The token is bound to a key that was not proven.',
  ),
  'token.confirmation-missing': badToken('check binding', 'The token is not bound to a key.'),
  'token.confirmation-mismatch': badToken('check binding', 'The token is bound to another key.'),
  'token.proof-required': badToken('check binding', 'The token is bound to a key that was not proven.'),
  'token.certificate-required': badToken(
    'check binding',
    'The token is bound to a certificate that was not presented.',
  ),
  'token.revoked': withdrawn,
  'token.suspended': withdrawn,
  'token.status-refused': withdrawn,
  'token.status-reference-invalid': withdrawn,
  'token.status-uri-refused': withdrawn,
  'token.status-list-refused': withdrawn,
  'token.inactive': withdrawn,
  'token.introspection-mismatch': withdrawn,

  'proof.missing': badProof('A DPoP proof is required.'),
  'proof.repeated': badProof('More than one DPoP proof was sent.'),
  'proof.malformed': badProof('The DPoP proof is malformed.'),
  'proof.algorithm-refused': badProof('The DPoP proof is not signed as required.'),
  'proof.key-refused': badProof('The key of the DPoP proof is not accepted.'),
  'proof.signature-invalid': badProof('The signature of the DPoP proof is invalid.'),
  'proof.type-mismatch': badProof('The DPoP proof is of another type.'),
  'proof.claim-invalid': badProof('The DPoP proof lacks a required claim.'),
  'proof.method-mismatch': badProof('The DPoP proof is for another method.'),
  'proof.uri-mismatch': badProof('The DPoP proof is for another URI.'),
  'proof.token-mismatch': badProof('The DPoP proof is for another token.'),
  'proof.too-old': badProof('The DPoP proof was made too long ago.'),
  'proof.not-yet-valid': badProof('The DPoP proof was made in the future.'),
  'proof.replayed': badProof('The DPoP proof was used before.'),
  'proof.nonce-missing': {
    ...badProof('The DPoP proof has to hold the nonce that is given here.'),
    error: 'use_dpop_nonce',
  },
  'proof.nonce-refused': {
    ...badProof('The DPoP proof has to hold the nonce that is given here.'),
    error: 'use_dpop_nonce',
  },

  'scope.insufficient': {
    fault: 'grant',
    step: 'authorize',
    status: 403,
    error: 'insufficient_scope',
    description: 'The token does not grant the required scope.',
  },

  'authentication.insufficient': {
    fault: 'grant',
    step: 'authorize',
    status: 401,
    error: 'insufficient_user_authentication',
    description: 'The user has to be authenticated more strongly, or more recently.',
  },

  'permission.claim-refused': notPermitted,
  'permission.subject-kind-refused': notPermitted,
  'permission.actor-refused': notPermitted,
  'permission.detail-refused': notPermitted,
  'permission.session-refused': notPermitted,

  'request.method-not-allowed': {
    ...badRequest('token request', 'The request method is not allowed here.'),
    status: 405,
  },
  'request.media-type-unsupported': badRequest('token request', 'The request is not an encoded form.'),
  'request.body-too-large': badRequest('token request', 'The request is too large.'),
  'request.body-malformed': badRequest('token request', 'The request is not an encoded form.'),
  'request.credentials-in-uri': badRequest('token request', 'Credentials do not belong into the URI.'),
  'request.parameter-missing': badRequest('token request', 'A required parameter is missing.'),
  'request.credentials-mixed': badRequest('token request', 'The client authenticates in more than one way.'),
  'request.parameter-repeated': badRequest('token request', 'A parameter was sent more than once.'),
  'client.credentials-refused': badClient,
  'client.assertion-refused': badClient,
  'client.replayed': badClient,
  'client.grant-not-allowed': {
    fault: 'client',
    step: 'token request',
    status: 400,
    error: 'unauthorized_client',
    description: 'The client may not use this grant type.',
  },
  'client.authentication-required': badClient,
  'grant.type-unsupported': badGrant('unsupported_grant_type', 'The grant type is not supported.'),
  'grant.refused': badGrant('invalid_grant', 'The grant is not accepted.'),
  'grant.replayed': badGrant('invalid_grant', 'The grant is not accepted.'),
  'grant.client-mismatch': badGrant('invalid_grant', 'The grant is not accepted.'),
  'grant.scope-refused': badGrant('invalid_scope', 'The requested scope is not granted.'),
  'grant.resource-refused': badGrant('invalid_target', 'The requested resource is not available.'),

  'service.issuers-unavailable': outage('choose issuer', 'The token cannot be verified right now.'),
  'service.clients-unavailable': outage('token request', 'The request cannot be judged right now.'),
  'service.keys-unavailable': outage('choose key', 'The token cannot be verified right now.'),
  'service.status-unavailable': outage('check standing', 'The token cannot be verified right now.'),
  'service.revocations-unavailable': outage('check standing', 'The token cannot be verified right now.'),
  'service.introspection-unavailable': outage('check standing', 'The token cannot be verified right now.'),
  'service.single-use-store-unavailable': outage('token request', 'The request cannot be judged right now.'),
  'service.signing-unavailable': outage('token request', 'The request cannot be judged right now.'),
  'service.failed': {
    fault: 'service',
    step: 'authorize',
    status: 500,
    error: 'server_error',
    description: 'The request could not be judged.',
  },
  'service.route-unprotected': {
    fault: 'service',
    step: 'authorize',
    status: 500,
    error: 'server_error',
    description: 'The request could not be judged.',
  },
  'service.introspection-not-configured': {
    fault: 'service',
    step: 'authorize',
    status: 500,
    error: 'server_error',
    description: 'The request could not be judged.',
  },
} as const satisfies Record<string, Failure>;

/** A stable, dotted failure code. */
export type FailureCode = keyof typeof failures;
