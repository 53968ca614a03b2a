import type { Type } from '@nestjs/common';
import { namesOfGuardsOn } from '../guard-name.js';
import { protectionOf, type Protection } from '../protection/protection-of.js';
import type { GlobalGuardReach } from './global-guard-reach.js';
import type { GuardedHandler } from './guarded-handler.js';
import type { Judges } from './judges.js';
import { graphqlResolversOf, type GraphqlResolver } from './resolvers.js';

/** The queries, mutations, subscriptions and fields of a class, with their protection. */
export function resolverHandlersOf(
  type: Type,
  judges: Judges,
  reach: GlobalGuardReach,
): readonly GuardedHandler[] {
  return graphqlResolversOf(type).map((resolver) => {
    const { name, handler, kind, path } = resolver;
    const protection = protectionOf(type, name);
    const isSeen = kind === 'root' || reach.fields;
    return {
      type,
      where: `${type.name}.${name}`,
      method: kind === 'root' ? path.slice(0, path.indexOf('.')).toUpperCase() : kind.toUpperCase(),
      paths: [path],
      protection,
      judgedBy: isSeen ? judges.of(type, handler) : [],
      outOfReach:
        isSeen || !isMeantToBeJudged(type, judges, { resolver, protection }) ? undefined : unseenField,
    };
  });
}

const unseenField = {
  problem: 'guards do not see fields and references of the GraphQL schema',
  remedy: "Set fieldResolverEnhancers: ['guards'] in GraphQLModule.forRoot.",
} as const;

/** A field is reached through what was judged already; an entity of a federated graph is not. */
function isMeantToBeJudged(
  type: Type,
  judges: Judges,
  { resolver, protection }: { readonly resolver: GraphqlResolver; readonly protection: Protection },
): boolean {
  const isNamed = namesOfGuardsOn(type, resolver.handler).length > 0;
  const isAsked = resolver.kind === 'reference' && judges.global().length > 0;
  return isNamed || isAsked || protection.access === 'optional' || protection.requirements.length > 0;
}
