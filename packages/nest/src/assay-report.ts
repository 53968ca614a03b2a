import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { methodsOf } from './protection/methods-of.js';
import { protectionOf } from './protection/protection-of.js';
import { checkHandler } from './report/check-handler.js';
import { checkModules } from './report/check-modules.js';
import { accessOf } from './report/guarded-handler.js';
import { guardedHandlers, type GuardedHandlers } from './report/guarded-handlers.js';
import { Judges } from './report/judges.js';
import { defaultResourceServerName } from './resource-server-token.js';

const logger = new Logger('AssayReport');

/** One route, message, event, query or field, and who may use it. */
export interface RouteReport {
  /**
   * `GET`, …; `ALL` for every method of HTTP. `CONNECT` and `WS` for the connections and messages of a gateway, `MESSAGE`
   * and `EVENT` for those of a microservice, `QUERY`, `MUTATION`, `SUBSCRIPTION`, `FIELD` and `REFERENCE` for GraphQL.
   */
  readonly method: string;
  /** As the router serves it, with global prefix, module path and version. The name of a message or a field. */
  readonly path: string;
  /**
   * The versions that it serves where requests ask for one in a header, the media type or otherwise; `neutral` is a
   * request that asks for none. Absent where the version is in the path, and where every version is served.
   */
  readonly versions?: readonly string[];
  /** The hosts that it serves, as the controller declares them. Absent where it is every one. */
  readonly hosts?: readonly string[];
  /** `OrdersController.list` */
  readonly handler: string;
  /** `unguarded`: no guard judges it, because the guard is manual, or it is a field that demands nothing itself. */
  readonly access: 'protected' | 'optional' | 'public' | 'unguarded';
  /** What is demanded beside a token: `scope orders:read`. */
  readonly requirements: readonly string[];
  /** The names of the resource servers whose tokens it takes. */
  readonly resourceServers: readonly string[];
}

/**
 * Judges every controller, gateway and resolver at start-up, and reports how each of their handlers is protected.
 *
 * Throws: `SetupError` naming class and method, at `onModuleInit`, for decorators that contradict each other, that no
 * guard enforces, or that name an audience that is none, and for handlers that the guard cannot reach. For those of a
 * microservice already where it is connected.
 */
@Injectable()
export class AssayReport implements OnModuleInit {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(Judges) private readonly judges: Judges,
    @Inject(guardedHandlers) private readonly handlers: GuardedHandlers,
  ) {}

  onModuleInit(): void {
    if (!this.isFirstOfItsKind()) return;
    checkModules(this.judges.modules());
    for (const type of this.handlers.types()) {
      // Contradictions are mistakes on any method; what a guard has to enforce is a matter of handlers.
      for (const name of methodsOf(type).keys()) protectionOf(type, name);
    }
    const handlers = this.handlers.all();
    handlers.forEach(checkHandler);
    if (handlers.length === 0) logger.warn(nothingToGuard);
    for (const route of this.report()) logger.log(lineOf(route));
    for (const { name, resourceServer } of this.judges.modules()) {
      for (const warning of resourceServer.warnings) logger.warn(`${prefixOf(name)}${warning}`);
    }
  }

  /** Every handler of the application, in the order of the modules: controllers, then gateways and resolvers. */
  report(): readonly RouteReport[] {
    return this.handlers.all().flatMap((handler) => {
      const { where, method, paths, served, protection, judgedBy } = handler;
      return paths.map((path) => ({
        method,
        path,
        ...(served?.versions === undefined ? {} : { versions: served.versions }),
        ...(served?.hosts === undefined ? {} : { hosts: served.hosts }),
        handler: where,
        access: accessOf(handler),
        requirements: protection.requirements.map(({ description }) => description),
        resourceServers: protection.access === 'public' ? [] : judgedBy.map(({ name }) => name),
      }));
    });
  }

  /** Each module has its own; one of them is enough. */
  private isFirstOfItsKind(): boolean {
    return this.discovery.getProviders().find(({ token }) => token === AssayReport)?.instance === this;
  }
}

const nothingToGuard =
  'No handler is protected: there are no controllers, gateways and resolvers. Guards do not see middleware.';

/** Which resource server it is about, where there may be several. */
function prefixOf(name: string): string {
  return name === defaultResourceServerName ? '' : `${name}: `;
}

function lineOf({ method, path, versions, hosts, handler, access, requirements }: RouteReport): string {
  const where = [
    `${method} ${path}`,
    ...(versions === undefined ? [] : [`version ${versions.join(', ')}`]),
    ...(hosts === undefined ? [] : [`host ${hosts.join(', ')}`]),
  ].join('; ');
  return `${[`${where}: ${access}`, ...requirements].join(', ')} (${handler})`;
}
