import {
  authenticationOf,
  createResourceServer,
  decisionRecorder,
  fulfilDuties,
  isAssayError,
  knownOptionsOnly,
  recordAuthentication,
  requestViewOf,
  resourceServerOptionNames,
  SetupError,
  type AuthenticationState,
  type DecisionRecorder,
  type Principal,
  type RequestView,
  type ResourceServer,
  type ResourceServerOptions,
} from '@assay/core';
import type { Request, RequestHandler } from 'express';
import { refuse, type FailureHandling } from './refuse.js';
import { declaredRoute } from './route-name.js';

/** How a middleware judges requests, beside the options of the resource server. */
export interface ProtectOptions {
  /**
   * `optional`: a request without a token passes as anonymous; a bad token is still refused. Default `required`.
   */
  readonly authentication?: 'required' | 'optional';
  /**
   * `next`: a failure goes to the application's error handler, with `status` and `headers` set. Default `answer`.
   */
  readonly onFailure?: FailureHandling;
}

/** What this package records about a request: core's state, and how its failures are handled. */
export interface ExpressAuthenticationState extends AuthenticationState {
  readonly onFailure: FailureHandling;
}

/** What `protect` recorded about a request; `undefined` where it did not run. */
export function stateOf(request: Request): ExpressAuthenticationState | undefined {
  return authenticationOf(request) as ExpressAuthenticationState | undefined;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- how Express lets a package add to its request
  namespace Express {
    interface Request {
      /** The principal of an authenticated request, for reading. Requirements do not trust it; see `principalOf`. */
      principal?: Principal;
    }
  }
}

/**
 * Middleware that lets a request pass only with an access token that the resource server accepts.
 *
 * Throws: `SetupError` for options that are missing, weak, contradictory or misspelt.
 * Spec: RFC 9068 section 4; RFC 6750.
 */
export function protect(resourceServer: ResourceServer, options?: ProtectOptions): RequestHandler;
export function protect(options: ResourceServerOptions & ProtectOptions): RequestHandler;
export function protect(
  given: ResourceServer | (ResourceServerOptions & ProtectOptions),
  protectOptions: ProtectOptions = {},
): RequestHandler {
  const { resourceServer, options } = settle(given, protectOptions);
  const { authentication = 'required', onFailure = 'answer' } = options;

  return async (request, response, next) => {
    const view = requestViewOf(request);
    const recorder = recorderOf(request, resourceServer, view);
    try {
      const known = authenticationOf(request, resourceServer);
      if (known?.principal !== undefined) {
        speakFor(request, known);
      } else {
        const principal = await authenticate(view, resourceServer, authentication);
        fulfilDuties(response, resourceServer.answerDuties(view, principal));
        recorder.passes(principal, response);
        const state: ExpressAuthenticationState = { principal, resourceServer, onFailure, recorder };
        speakFor(request, state);
      }
    } catch (error) {
      fulfilDuties(response, resourceServer.answerDuties(view, undefined));
      refuse(error, { response, next, onFailure, resourceServer, recorder });
      return;
    }
    next();
  };
}

/** One recorder for a request and a resource server, also where an outer middleware has begun. */
function recorderOf(request: Request, resourceServer: ResourceServer, view: RequestView): DecisionRecorder {
  return (
    authenticationOf(request, resourceServer)?.recorder ??
    decisionRecorder(resourceServer, () => ({
      request: view,
      route: declaredRoute(request),
      action: request.method,
    }))
  );
}

async function authenticate(
  request: RequestView,
  resourceServer: ResourceServer,
  authentication: 'required' | 'optional',
): Promise<Principal | undefined> {
  try {
    return await resourceServer.authenticate(request);
  } catch (error) {
    if (authentication === 'optional' && isAssayError(error, 'request.token-missing')) return undefined;
    throw error;
  }
}

/**
 * From here on this state is what counts. It may be that of an outer middleware of the same resource server: what is single
 * use is not asked for twice.
 */
export function speakFor(request: Request, state: AuthenticationState): void {
  recordAuthentication(request, state);
  if (state.principal !== undefined) request.principal = state.principal;
}

function settle(
  given: ResourceServer | (ResourceServerOptions & ProtectOptions),
  protectOptions: ProtectOptions,
): { resourceServer: ResourceServer; options: ProtectOptions } {
  if (isResourceServer(given)) {
    return { resourceServer: given, options: checked(protectOptions) };
  }
  knownOptionsOnly(given, [...resourceServerOptionNames, ...protectOptionNames]);
  const { authentication, onFailure, ...serverOptions } = { ...given, ...protectOptions };
  const options = {
    ...(authentication === undefined ? {} : { authentication }),
    ...(onFailure === undefined ? {} : { onFailure }),
  };
  return { resourceServer: createResourceServer(serverOptions), options: checked(options) };
}

const protectOptionNames = ['authentication', 'onFailure'] as const satisfies (keyof ProtectOptions)[];

const allowedValues = { authentication: ['required', 'optional'], onFailure: ['answer', 'next'] } as const;

function checked(options: ProtectOptions): ProtectOptions {
  knownOptionsOnly(options, protectOptionNames);
  for (const name of protectOptionNames) {
    const allowed: readonly string[] = allowedValues[name];
    const value = options[name];
    if (value !== undefined && !allowed.includes(value)) {
      throw new SetupError({
        option: name,
        problem: 'there is no such value',
        remedy: `Use ${allowed.join(' or ')}.`,
      });
    }
  }
  return options;
}

function isResourceServer(given: unknown): given is ResourceServer {
  return typeof given === 'object' && given !== null && 'authenticate' in given;
}
