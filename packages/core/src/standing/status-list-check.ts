import { AssayError } from '../assay-error.js';
import type { TrustedIssuers } from '../trusted-issuer.js';
import { statusAt } from './decode-status-list.js';
import type { StandingCheck } from './standing-check.js';
import type { StatusIssuer } from './status-issuer.js';
import type { StatusListCache } from './status-list-cache.js';
import { statusReferenceOf } from './status-reference.js';

/** What looking a status up needs. */
export interface StatusListCheckOptions {
  readonly issuers: TrustedIssuers;
  readonly lists: StatusListCache;
}

/**
 * Looks the status of a token up in the list that it names, where the configuration says that its issuer has lists.
 *
 * Error: `token.revoked`, `token.suspended`, `token.status-refused` for any other value that is not accepted;
 * `token.status-reference-invalid`, `token.status-uri-refused`, `token.status-list-refused`,
 * `service.status-unavailable` where the status cannot be told.
 * Spec: draft-ietf-oauth-status-list sections 7.1 and 8.3.
 */
export function statusListCheck({ issuers, lists }: StatusListCheckOptions): StandingCheck {
  return {
    guarantees: 'the status list of the issuer says that the token is valid',
    spec: 'draft-ietf-oauth-status-list section 8.3',
    async check({ issuer, claims }) {
      const trusted = await issuers.get(issuer);
      if (trusted === undefined)
        throw new AssayError('token.issuer-unknown', { claim: 'iss', reason: 'mismatch' });
      const { statusList } = trusted;
      if (statusList === undefined) return;
      const reference = statusReferenceOf(claims);
      if (reference !== undefined) {
        refuseStatus(await statusOf(reference, statusList, lists), statusList);
      } else if (statusList.required) {
        throw new AssayError('token.status-reference-invalid', { claim: 'status', reason: 'missing' });
      }
    },
  };
}

async function statusOf(
  { uri, index }: NonNullable<ReturnType<typeof statusReferenceOf>>,
  statusIssuer: StatusIssuer,
  lists: StatusListCache,
): Promise<number> {
  if (!statusIssuer.names(uri)) {
    throw new AssayError('token.status-uri-refused', { claim: 'uri', reason: 'mismatch' });
  }
  const status = statusAt(await lists.find(statusIssuer, uri), index);
  // Outside the list nothing is said, least of all that the token is valid.
  if (status === undefined) {
    throw new AssayError('token.status-reference-invalid', { claim: 'idx', reason: 'mismatch' });
  }
  return status;
}

const valid = 0x00;
const invalid = 0x01;
const suspended = 0x02;

function refuseStatus(status: number, { acceptedStatuses }: StatusIssuer): void {
  if (status === valid || acceptedStatuses.has(status)) return;
  if (status === invalid) throw new AssayError('token.revoked', { claim: 'status', reason: 'mismatch' });
  if (status === suspended) throw new AssayError('token.suspended', { claim: 'status', reason: 'mismatch' });
  throw new AssayError('token.status-refused', { claim: 'status', reason: 'mismatch' });
}
