import { Inject, Injectable, Logger, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService } from '@nestjs/core';
import { SetupError } from '@assay/core';
import { namesOfGuardsOn, nameOfGuard } from './guard-name.js';
import { moduleSettings, type ModuleSettings } from './module-settings.js';
import { methodsOf, type Handler } from './protection/methods-of.js';
import { protectionOf } from './protection/protection-of.js';
import { checkModules } from './report/check-modules.js';
import { checkHandler } from './report/check-handler.js';
import { httpRoutesOf } from './report/http-routes.js';

const logger = new Logger('AssayReport');

/** One route, and who may use it. */
export interface RouteReport {
  /** `GET`, …; `ALL` for every method. */
  readonly method: string;
  /** As the decorators declare it; without global prefix, module path and version. */
  readonly path: string;
  /** `OrdersController.list` */
  readonly handler: string;
  /** `unguarded`: no guard judges it, because the guard is manual. */
  readonly access: 'protected' | 'optional' | 'public' | 'unguarded';
  /** What is demanded beside a token: `scope orders:read`. */
  readonly requirements: readonly string[];
  /** The names of the resource servers whose tokens it takes. */
  readonly resourceServers: readonly string[];
}

/**
 * Judges every controller at start-up, and reports how each route is protected.
 *
 * Throws: `SetupError` naming class and method, at `onModuleInit`, for decorators that contradict each other, that no
 * guard enforces, or that name an audience that is none.
 */
@Injectable()
export class AssayReport implements OnModuleInit {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {}

  onModuleInit(): void {
    if (!this.isFirstOfItsKind()) return;
    const modules = this.modules();
    checkModules(modules);
    for (const controller of this.controllers()) {
      // Contradictions are mistakes on any method; what a guard has to enforce is a matter of routes.
      for (const name of methodsOf(controller).keys()) protectionOf(controller, name);
      for (const { name, handler } of httpRoutesOf(controller)) {
        checkHandler({
          where: `${controller.name}.${name}`,
          protection: protectionOf(controller, name),
          judgedBy: this.judgesOf(controller, handler, modules),
        });
      }
    }
    for (const route of this.report()) logger.log(lineOf(route));
  }

  /** Every HTTP route of the application, in the order of the modules. */
  report(): readonly RouteReport[] {
    const modules = this.modules();
    return this.controllers()
      .flatMap(httpRoutesOf)
      .flatMap(({ controller, name, handler, method, paths }) => {
        const { access, requirements } = protectionOf(controller, name);
        const judges = this.judgesOf(controller, handler, modules);
        return paths.map((path) => ({
          method,
          path,
          handler: `${controller.name}.${name}`,
          access: judges.length === 0 && access !== 'public' ? 'unguarded' : access,
          requirements: requirements.map(({ description }) => description),
          resourceServers: access === 'public' ? [] : judges.map((judge) => judge.name),
        }));
      });
  }

  private controllers(): readonly Type[] {
    return [...new Set(this.discovery.getControllers().map(({ metatype }) => metatype as Type))];
  }

  private modules(): readonly ModuleSettings[] {
    const wrappers = this.discovery.getProviders().filter(({ token }) => token === moduleSettings);
    if (wrappers.some((wrapper) => !wrapper.isDependencyTreeStatic())) {
      throw new SetupError({
        option: 'forRootAsync',
        problem: 'it injects a provider that is made for each request, and so would be the resource server',
        remedy: 'Inject singletons only; options that depend on the request are functions of it.',
      });
    }
    return wrappers.map(({ instance }) => instance as ModuleSettings);
  }

  /** The resource servers that judge a handler: those that `@UseGuards` names, or else the global one. */
  private judgesOf(
    controller: Type,
    handler: Handler,
    modules: readonly ModuleSettings[],
  ): readonly ModuleSettings[] {
    const named = namesOfGuardsOn(controller, handler);
    const globals = [
      ...this.config.getGlobalGuards().map(nameOfGuard),
      ...this.config.getGlobalRequestGuards().map(({ metatype }) => nameOfGuard(metatype)),
    ];
    return modules.filter(({ guard, name }) =>
      named.length > 0 ? named.includes(name) : guard === 'global' || globals.includes(name),
    );
  }

  /** Each module has its own; one of them is enough. */
  private isFirstOfItsKind(): boolean {
    return this.discovery.getProviders().find(({ token }) => token === AssayReport)?.instance === this;
  }
}

function lineOf({ method, path, handler, access, requirements }: RouteReport): string {
  return `${[`${method} ${path}: ${access}`, ...requirements].join(', ')} (${handler})`;
}
