import {
  decisionRecorder,
  recordAuthentication,
  type NodeRequest,
  type Principal,
  type RequestView,
  type ResourceServer,
} from '@assay/core';
import { anonymousWhereOptional } from '../protection/anonymous-where-optional.js';
import type { Protection } from '../protection/protection-of.js';
import { refusalBy, type Refusal } from '../refusals/refusal.js';

/** What one resource server has to see before a connection opens: the demands of every gateway that it would reach. */
export interface Entrance {
  readonly resourceServer: ResourceServer;
  readonly protections: readonly Protection[];
}

/** Someone who wants to connect. */
export interface Caller {
  /** The object that authentication is recorded on. */
  readonly subject: object;
  readonly request: NodeRequest;
  readonly view: RequestView;
}

/** Lets a caller connect, or tells why not. One connection reaches several gateways: the strictest of them counts. */
export async function admit(caller: Caller, entrances: readonly Entrance[]): Promise<Refusal | undefined> {
  for (const { resourceServer, protections } of entrances) {
    const access = strictestOf(protections);
    if (access === 'public') continue;
    const recorder = decisionRecorder(resourceServer, () => ({ request: caller.view, action: 'connect' }));
    try {
      const established = await anonymousWhereOptional(resourceServer.authenticate(caller.view), access);
      const principal =
        established && (await authorize(established, resourceServer, { protections, caller }));
      recordAuthentication(caller.subject, { principal, resourceServer });
      recorder.passes(principal);
    } catch (error) {
      const refusal = refusalBy(resourceServer, error);
      recorder.refused(error, refusal.answer.status);
      return refusal;
    }
  }
  return undefined;
}

async function authorize(
  principal: Principal,
  resourceServer: ResourceServer,
  { protections, caller }: { readonly protections: readonly Protection[]; readonly caller: Caller },
): Promise<Principal> {
  const requirements = protections.flatMap((protection) => protection.requirements);
  return resourceServer.authorize(principal, requirements, { request: caller.request });
}

function strictestOf(protections: readonly Protection[]): Protection['access'] {
  const accesses = protections.map(({ access }) => access);
  if (accesses.includes('protected')) return 'protected';
  return accesses.includes('optional') ? 'optional' : 'public';
}
