import { appraiseOrigin, signer as signatureSteps, type Appraisal, type StepLine } from './appraisal.js';
import { AssayError } from './assay-error.js';
import { systemClock, type Clock } from './clock.js';
import type { AcceptedToken } from './evidence.js';
import type { Fetch } from './keys/fetch-body.js';
import type { KeyPolicy } from './keys/key-policy.js';
import type { KeyEvent } from './keys/key-source.js';
import { statusList } from './profiles/status-list.js';
import { keyPolicyFrom } from './settings/key-policy.js';
import { leewayFrom } from './settings/numbers.js';
import { knownOptionsOnly } from './settings/options.js';
import { listSignersFrom, type StatusIssuerOptions } from './settings/status-issuers.js';
import { statusListPolicyFrom } from './settings/status-list-policy.js';
import { acceptStatusList, establishListSigner } from './standing/accept-status-list.js';

/** The options of a verifier of status lists. */
export interface StatusListVerifierOptions {
  /** Whose lists are accepted. */
  readonly statusIssuers: readonly StatusIssuerOptions[];
  /** The clock difference that is forgiven for `exp`, `nbf` and `iat`. Units: seconds, 0 to 300. Default 10. */
  readonly leewaySeconds?: number;
  /** Allows plain http on loopback, for development and tests. Default false. */
  readonly allowInsecureLoopback?: boolean;
  /** Units: bytes of one signed list. Default 2097152, at most 67108864. */
  readonly maximumBytes?: number;
  /** How remote key sets are fetched and kept. */
  readonly keyPolicy?: Partial<KeyPolicy>;
  /** Told of every fetch, failure and rotation of keys. */
  readonly onKeyEvent?: (event: KeyEvent) => void;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

/** The reference of a token that was accepted: whose token it is, and where its list is. */
export interface StatusListContext {
  /** The issuer of the token. */
  readonly issuer: string;
  /** The URI of the list, as in the token. */
  readonly uri: string;
}

/**
 * Verifies status lists. A list does not say whose it is: the reference of a token does, within the configuration.
 */
export interface StatusListVerifier {
  /**
   * The list, once its signature and every rule hold; `decodeStatusList` unpacks its claim `status_list`.
   *
   * Error: throws `AssayError`: `token.issuer-unknown`, `token.status-uri-refused`, other `token.*` for a list that is
   * no good, `service.*` when it could not be judged.
   */
  readonly verify: (jwt: string, context: StatusListContext) => Promise<AcceptedToken<'status-list'>>;
  /** Every step and rule with its verdict, for people to read. Never throws on bad evidence. */
  readonly appraise: (jwt: string, context: StatusListContext) => Promise<Appraisal>;
  /** Loads the keys of every status issuer. */
  readonly ready: () => Promise<void>;
}

const optionNames = [
  'statusIssuers',
  'leewaySeconds',
  'allowInsecureLoopback',
  'maximumBytes',
  'keyPolicy',
  'onKeyEvent',
  'fetch',
  'clock',
] as const satisfies (keyof StatusListVerifierOptions)[];

const steps: readonly StepLine[] = [
  {
    step: 'choose issuer',
    guarantees: 'the lists of the issuer are trusted',
    spec: 'draft-ietf-oauth-status-list section 11.3',
  },
  {
    step: 'check standing',
    guarantees: 'the configuration names the URI as one of the issuer',
    spec: 'RFC 8725 section 3.10',
  },
  ...signatureSteps.filter(({ step }) => step !== 'choose issuer'),
];

/**
 * A verifier of status lists, without HTTP. A resource server needs none: it has its own, by the option `statusList`.
 *
 * Throws: `SetupError`.
 * Spec: draft-ietf-oauth-status-list section 5.1; section 8.3, steps 3 and 4.
 */
export function createStatusListVerifier(options: StatusListVerifierOptions): StatusListVerifier {
  knownOptionsOnly(options, optionNames);
  const { clock = systemClock, maximumBytes: longest } = options;
  const { maximumBytes } = statusListPolicyFrom(longest === undefined ? {} : { maximumBytes: longest }, '');
  const signers = listSignersFrom(options.statusIssuers, {
    leewaySeconds: leewayFrom(options.leewaySeconds),
    remote: {
      clock,
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      allowInsecureLoopback: options.allowInsecureLoopback === true,
      policy: keyPolicyFrom(options.keyPolicy),
      onEvent: options.onKeyEvent,
    },
  });

  function expectationOf({ issuer, uri }: StatusListContext) {
    const known = signers.get(issuer);
    if (known === undefined) {
      throw new AssayError('token.issuer-unknown', { claim: 'iss', reason: 'mismatch' });
    }
    if (!known.names(uri)) {
      throw new AssayError('token.status-uri-refused', { claim: 'uri', reason: 'mismatch' });
    }
    return { signer: known.signer, maximumBytes, clock };
  }

  return {
    verify: async (jwt, context) => acceptStatusList(jwt, context.uri, expectationOf(context)),
    appraise(jwt, context) {
      const establish = async () => establishListSigner(jwt, context.uri, expectationOf(context));
      return appraiseOrigin({ profile: statusList, clock, establish, steps }, undefined, []);
    },
    async ready() {
      await Promise.all([...signers.values()].map(({ signer }) => signer.keySource.ready()));
    },
  };
}
