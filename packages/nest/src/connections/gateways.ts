import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { methodsOf, type Handler } from '../protection/methods-of.js';

// The keys of @nestjs/websockets, which is there only where gateways are.
const gatewayKey = 'websockets:is_gateway';
const optionsKey = 'websockets:gateway_options';
const portKey = 'port';
const messageMappingKey = 'websockets:message_mapping';
const messageKey = 'message';

/** Where a server of sockets is found. */
export interface SocketAddress {
  readonly port: number;
  readonly path: string | undefined;
  readonly namespace: string | RegExp | undefined;
}

/** A method of a gateway that messages go to. */
export interface MessageHandler {
  readonly name: string;
  readonly handler: Handler;
  readonly message: string;
}

/** Whether a class is a gateway. */
export function isGateway(type: unknown): type is Type {
  return typeof type === 'function' && Reflect.hasMetadata(gatewayKey, type);
}

/** Where the clients of a gateway connect to. */
export function addressOf(gateway: Type): SocketAddress {
  const port = Reflect.getMetadata(portKey, gateway) as number | undefined;
  return socketAddress(port ?? 0, Reflect.getMetadata(optionsKey, gateway));
}

/** The address that a port and options of a gateway come to. */
export function socketAddress(port: number, options: unknown): SocketAddress {
  const { path, namespace } = (options ?? {}) as Partial<SocketAddress>;
  return { port, path, namespace: typeof namespace === 'string' ? withLeadingSlash(namespace) : namespace };
}

/** Whether two addresses are the same one. */
export function isSameAddress(one: SocketAddress, other: SocketAddress): boolean {
  return one.port === other.port && one.path === other.path && one.namespace === other.namespace;
}

/** The methods of a gateway that messages go to. */
export function messageHandlersOf(gateway: Type): readonly MessageHandler[] {
  return [...methodsOf(gateway)]
    .filter(([, handler]) => Reflect.hasMetadata(messageMappingKey, handler))
    .map(([name, handler]) => ({ name, handler, message: String(Reflect.getMetadata(messageKey, handler)) }));
}

function withLeadingSlash(namespace: string): string {
  return namespace.startsWith('/') ? namespace : `/${namespace}`;
}
