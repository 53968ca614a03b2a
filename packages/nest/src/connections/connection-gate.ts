import { Inject, Injectable, Logger, type Type, type WebSocketAdapter } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService } from '@nestjs/core';
import { authenticationsOf, recordAuthentication } from '@assay/core';
import { AssayGuard } from '../assay.guard.js';
import { nameOfGuard } from '../guard-name.js';
import type { ModuleSettings } from '../module-settings.js';
import { Judges } from '../report/judges.js';
import { defaultResourceServerName } from '../resource-server-token.js';
import { admit, type Entrance } from './admission.js';
import { connectionProtectionOf } from './connection-protection.js';
import { addressOf, isGateway, isSameAddress, socketAddress, type SocketAddress } from './gateways.js';
import { keepDoorOf, type WasAdmitted } from './socket-server.js';

const logger = new Logger('AssayGuard');

// Each AssayModule makes a gate, and an application needs one.
const inPlace = Symbol.for('assay.connection-gate');

type OnConnection = (client: Client, ...others: readonly unknown[]) => unknown;

interface Client {
  readonly terminate?: () => void;
  readonly disconnect?: (close: boolean) => void;
}

/**
 * Has the connections of gateways authenticated at their handshake, before `handleConnection`. Guards come too late for
 * that: Nest asks them for messages alone.
 */
@Injectable()
export class ConnectionGate {
  private readonly addresses = new WeakMap<object, SocketAddress[]>();
  private readonly doors = new WeakMap<object, WasAdmitted>();

  constructor(
    @Inject(ApplicationConfig) config: ApplicationConfig,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(Judges) private readonly judges: Judges,
  ) {
    if (inPlace in config) return;
    Object.defineProperty(config, inPlace, { value: this });
    const setIoAdapter = config.setIoAdapter.bind(config);
    // The adapter is set after the modules are made, and makes its servers before any hook of theirs is called.
    config.setIoAdapter = (adapter) => {
      setIoAdapter(this.gated(adapter));
    };
  }

  /** The adapter, which from now on has every server of its gateways kept by a doorkeeper. */
  private gated(adapter: WebSocketAdapter): WebSocketAdapter {
    const create = adapter.create.bind(adapter) as (port: number, options?: object) => object;
    const bindClientConnect = adapter.bindClientConnect.bind(adapter);
    return Object.assign(adapter, {
      create: (port: number, options?: object) => {
        const server = create(port, options);
        this.addresses.set(server, [...(this.addresses.get(server) ?? []), socketAddress(port, options)]);
        return server;
      },
      bindClientConnect: (server: object, onConnection: OnConnection) => {
        const wasAdmitted = this.doors.get(server) ?? this.doorOf(server);
        this.doors.set(server, wasAdmitted);
        bindClientConnect(server, onlyAdmitted(onConnection, wasAdmitted));
      },
    });
  }

  private doorOf(server: object): WasAdmitted {
    return keepDoorOf(server, async (caller) => {
      const refusal = await admit(caller, this.entrancesOf(server));
      if (refusal?.error.failure.fault === 'service') logger.error(`handshake: ${refusal.error.code}`);
      return refusal;
    });
  }

  private entrancesOf(server: object): readonly Entrance[] {
    const gateways = this.gatewaysOf(server);
    return this.judges.modules().flatMap((module) => {
      const judged = gateways.filter((gateway) => this.judges.of(gateway, gateway).includes(module));
      if (judged.length === 0 || !this.isGuarded(module)) return [];
      return [{ resourceServer: module.resourceServer, protections: judged.map(connectionProtectionOf) }];
    });
  }

  /** The gateways that a connection to a server reaches; all of them where that cannot be told. */
  private gatewaysOf(server: object): readonly Type[] {
    const gateways = this.discovery
      .getProviders()
      .map(({ metatype }): unknown => metatype)
      .filter(isGateway);
    const addresses = this.addresses.get(server);
    if (addresses === undefined) return gateways;
    return gateways.filter((gateway) =>
      addresses.some((address) => isSameAddress(address, addressOf(gateway))),
    );
  }

  /** Whether the guard is in its place: a test that puts something else there leaves tokens out altogether. */
  private isGuarded({ name }: ModuleSettings): boolean {
    const token = name === defaultResourceServerName ? AssayGuard : AssayGuard.for(name);
    const wrapper = this.discovery.getProviders().find((provider) => provider.token === token);
    return nameOfGuard(wrapper?.instance) === name;
  }
}

/** Without its own judgement a connection ends here: one that a server restored, for instance. */
function onlyAdmitted(onConnection: OnConnection, wasAdmitted: WasAdmitted): OnConnection {
  return (client, ...others) => {
    if (!wasAdmitted(client, ...others)) {
      client.disconnect?.(true);
      client.terminate?.();
      return undefined;
    }
    const [request] = others;
    const states = typeof request === 'object' && request !== null ? authenticationsOf(request) : [];
    for (const state of states) recordAuthentication(client, state);
    return onConnection(client, ...others);
  };
}
