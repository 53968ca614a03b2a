import type { DecisionRecorder } from './audit/decision-recorder.js';
import type { Principal } from './principal.js';
import type { ResourceServer } from './resource-server.js';

/** What an adapter has established about a request. */
export interface AuthenticationState {
  /** Absent where authentication is optional and the request carried no token. */
  readonly principal: Principal | undefined;
  readonly resourceServer: ResourceServer;
  /** Records the decision about the request, for all that judge it. Absent where each judgement is recorded by itself. */
  readonly recorder?: DecisionRecorder | undefined;
}

// Shared by every adapter, and by an ESM and a CommonJS copy in one process. A symbol is no name that a framework,
// a body parser or an application sets by accident.
const stateKey = Symbol.for('assay.authentication');

/**
 * Records on a request what a resource server has established about it; from here on that server speaks for the request.
 * Plain assignment cannot change it afterwards.
 */
export function recordAuthentication(request: object, state: AuthenticationState): void {
  const others = authenticationsOf(request).filter(
    ({ resourceServer }) => resourceServer !== state.resourceServer,
  );
  Object.defineProperty(request, stateKey, {
    value: Object.freeze([...others, Object.freeze({ ...state })]),
    writable: false,
    enumerable: false,
    // A router inside a protected app may be protected by another resource server, which then speaks for it.
    configurable: true,
  });
}

/**
 * What was established about a request, by this resource server or by the last one that judged it; `undefined` when
 * nobody has.
 */
export function authenticationOf(request: object, by?: ResourceServer): AuthenticationState | undefined {
  const states = authenticationsOf(request);
  return by === undefined ? states.at(-1) : states.find(({ resourceServer }) => resourceServer === by);
}

/** What every resource server has established about a request, the last one last. */
export function authenticationsOf(request: object): readonly AuthenticationState[] {
  return (request as Readonly<Record<symbol, readonly AuthenticationState[] | undefined>>)[stateKey] ?? [];
}
