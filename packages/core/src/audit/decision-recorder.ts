import type { ServerResponse } from 'node:http';
import type { Principal } from '../principal.js';
import type { RecordableDecision, ResourceServer } from '../resource-server.js';
import { whenAnswered } from '../when-answered.js';

/** Records the one decision about a request. */
export interface DecisionRecorder {
  /** The request was refused. */
  readonly refused: (error: unknown, status: number, principal?: Principal) => void;
  /**
   * The request passes. Recorded when its answer begins, unless something refuses it until then; at once, with status
   * 200, where there is no response.
   */
  readonly passes: (principal: Principal | undefined, response?: ServerResponse) => void;
}

/** What the framework knows of the request, asked when the decision is recorded. */
export type RequestDescription = () => Pick<RecordableDecision, 'request' | 'route' | 'action'>;

/** A recorder for one request that is judged by one resource server, however many guards and middlewares do it. */
export function decisionRecorder(
  resourceServer: ResourceServer,
  describe: RequestDescription,
): DecisionRecorder {
  let isRecorded = !resourceServer.isAudited;
  let passing: { principal: Principal | undefined } | undefined;

  function once(decision: Pick<RecordableDecision, 'principal' | 'error' | 'status'>): void {
    if (isRecorded) return;
    isRecorded = true;
    resourceServer.record({ ...describe(), ...decision });
  }

  return {
    refused: (error, status, principal) => {
      once({ error, status, principal });
    },
    passes(principal, response) {
      if (isRecorded) return;
      if (response === undefined) {
        once({ principal, status: 200 });
        return;
      }
      if (passing !== undefined) {
        // An issuer may have taken something away since.
        passing.principal = principal;
        return;
      }
      const passes = (passing = { principal });
      whenAnswered(response, (status) => {
        once({ ...passes, status });
      });
    },
  };
}
