import { parseStrictJson } from '../encoding/strict-json.js';
import type { PresentedToken } from '../evidence.js';
import { jsonType } from '../keys/fetch-json.js';
import type { ExpectedBody } from '../keys/fetch-body.js';
import { verifyToken, type VerifierParts } from '../verify-token.js';
import { introspectionAnswerFrom, type IntrospectionAnswer } from './answer.js';

/** How the answers of an endpoint are asked for and read. */
export interface AnswerReader {
  readonly expected: Pick<ExpectedBody, 'accept' | 'type'>;
  /** The answer in a body. Rejects, without repeating anything of it, where there is none. */
  readonly read: (body: Uint8Array) => Promise<IntrospectionAnswer>;
}

/** Answers in plain JSON. Spec: RFC 7662 section 2.2. */
export const jsonAnswers: AnswerReader = {
  expected: { accept: 'application/json', type: jsonType },
  read: (body) => Promise.resolve().then(() => answerInJson(body)),
};

const jwtType = 'application/token-introspection+jwt';

/**
 * Signed answers. An answer in plain JSON is none: nobody gets around the signature by leaving it out. What stands
 * outside `token_introspection` says nothing of the token.
 *
 * Spec: RFC 9701 sections 4 and 5.
 */
export function jwtAnswers(parts: VerifierParts<'introspection-response'>): AnswerReader {
  return {
    expected: {
      accept: jwtType,
      type: { pattern: /^application\/token-introspection\+jwt\s*(;|$)/i, name: jwtType },
    },
    async read(body) {
      const jwt = Buffer.from(body).toString('latin1') as PresentedToken;
      const { claims } = await verifyToken(jwt, parts);
      return answerIn(claims['token_introspection']);
    },
  };
}

function answerInJson(body: Uint8Array): IntrospectionAnswer {
  const parsed = parseStrictJson(body);
  if ('fault' in parsed) throw new Error(`the answer is not usable JSON (${parsed.fault})`);
  return answerIn(parsed.value);
}

function answerIn(object: unknown): IntrospectionAnswer {
  const answer = introspectionAnswerFrom(object);
  if (answer === undefined) throw new Error('the answer is not a JSON object');
  return answer;
}
