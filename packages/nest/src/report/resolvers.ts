import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { methodsOf, type Handler } from '../protection/methods-of.js';

// The keys of @nestjs/graphql, which is there only where resolvers are.
const typeKey = 'graphql:resolver_type';
const nameKey = 'graphql:resolver_name';
const fieldKey = 'graphql:resolve_property';
const referenceKey = 'graphql:resolve_reference';
const typenameResolver = '__resolveType';

const rootTypes: ReadonlySet<unknown> = new Set(['Query', 'Mutation', 'Subscription']);

/** A method that resolves something in a GraphQL schema. */
export interface GraphqlResolver {
  readonly name: string;
  readonly handler: Handler;
  /** `reference`: an entity of a federated graph, which a gateway asks for by its key. */
  readonly kind: 'root' | 'field' | 'reference';
  /** `Query.orders`, `Order.lines` */
  readonly path: string;
}

/** The methods of a class that resolve something in a GraphQL schema. */
export function graphqlResolversOf(type: Type): readonly GraphqlResolver[] {
  return [...methodsOf(type)].flatMap(([name, handler]) => {
    const resolved = (Reflect.getMetadata(typeKey, handler) ?? Reflect.getMetadata(typeKey, type)) as
      string | undefined;
    const isReference = isSet(referenceKey, handler);
    const isField = isSet(fieldKey, handler);
    if (resolved === undefined || name === typenameResolver) return [];
    if (!isReference && !isField && !rootTypes.has(resolved)) return [];
    const given = (Reflect.getMetadata(nameKey, handler) as string | undefined) ?? name;
    const path = `${resolved}.${isReference ? '__resolveReference' : given}`;
    const kind = rootTypes.has(resolved) ? 'root' : isReference ? 'reference' : 'field';
    return [{ name, handler, kind, path }];
  });
}

function isSet(key: string, handler: Handler): boolean {
  return Boolean(Reflect.getMetadata(key, handler));
}
