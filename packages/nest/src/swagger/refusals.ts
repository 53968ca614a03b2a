import { accessOf } from '../report/guarded-handler.js';
import type { Operation, Reference, Response } from './open-api-document.js';
import { scopeChoices } from './security-of.js';
import type { ServedHandler } from './served-operations.js';

const text = { type: 'string' } as const;

const challenge = {
  'WWW-Authenticate': {
    description: 'The challenge (RFC 9110 section 11.6.1).',
    required: true,
    schema: text,
  },
} as const;

/** How requests to some handlers may be refused, by status. Bodies are left out: exception filters may write their own. */
export function refusalsOf(handlers: readonly ServedHandler[]): Readonly<Record<string, Response>> {
  const judged = handlers.filter((handler) => accessOf(handler) !== 'public');
  if (judged.length === 0) return {};
  const everyoneNeedsToken = handlers.every((handler) => accessOf(handler) === 'protected');
  return {
    '401': {
      description: everyoneNeedsToken
        ? 'There is no access token, or it is not accepted.'
        : 'The access token is not accepted.',
      headers: challenge,
    },
    ...(judged.some(mayForbid) ? { '403': { description: forbidden(judged), headers: challenge } } : {}),
    '503': {
      description: 'The access token cannot be judged at the moment.',
      headers: {
        'Retry-After': {
          description: 'After how many seconds to ask again (RFC 9110 section 10.2.3).',
          required: true,
          schema: { type: 'integer' },
        },
      },
    },
  };
}

/** The author's words come first; the headers are the guard's, whatever else is said. */
export function withRefusals(
  responses: Operation['responses'] = {},
  refusals: Readonly<Record<string, Response>>,
): NonNullable<Operation['responses']> {
  const described = Object.entries(refusals).map(
    ([status, refusal]): readonly [string, Response | Reference] => {
      const given = responses[status];
      if (given === undefined) return [status, refusal];
      if ('$ref' in given) return [status, given];
      const description = given.description === '' ? refusal.description : given.description;
      const headers = { ...refusal.headers, ...given.headers };
      return [status, { ...given, description, headers }];
    },
  );
  return { ...responses, ...Object.fromEntries(described) };
}

/** A token for another audience is not accepted; any other requirement is about what a token permits. */
function mayForbid({ protection: { requirements } }: ServedHandler): boolean {
  return requirements.some(({ audience }) => audience === undefined);
}

function forbidden(handlers: readonly ServedHandler[]): string {
  const choices = handlers
    .flatMap(({ protection }) => scopeChoices(protection.requirements))
    .filter((scopes) => scopes.length > 0)
    .map((scopes) => scopes.join(' '));
  const needed = choices.length === 0 ? '' : ` Needed scopes: ${[...new Set(choices)].join(', or ')}.`;
  return `The access token does not permit this.${needed}`;
}
